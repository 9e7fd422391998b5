/** Stores for Svelte. A subscriber gets the default first, as in server-rendered HTML, and the value in a microtask. */
import { canary } from "./client.js";

/** @param {string} flagKey @param {any} defaultValue */
export const flag = (flagKey, defaultValue) => ({
  /** @param {(value: any) => void} run */
  subscribe(run) {
    let value = defaultValue;
    run(value);
    const update = () => {
      const next = canary.evaluate(flagKey, defaultValue);
      if (next !== value) run((value = next));
    };
    const cleanups = /** @type {const} */ (["ready", "configurationChanged"]).map((type) => canary.on(type, update));
    return () => cleanups.forEach((cleanup) => cleanup());
  },
});

export const decision = {
  /** @param {(value: any) => void} run */
  subscribe(run) {
    run(undefined);
    return canary.on("ready", run);
  },
};
