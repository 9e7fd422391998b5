/** The script that a page includes: one instance a page, however often it is asked for. */
import { boot } from "./boot.js";
import { readSettings } from "./settings.js";
import { View } from "./view.js";

function start() {
  const view = new View();
  const tag = [...document.scripts].find(({ src }) => src === import.meta.url);
  boot(readSettings(tag), view);
  return {
    ready: view.ready,
    getBooleanValue: (flagKey, defaultValue) => view.details(flagKey, defaultValue).value,
    getBooleanDetails: (flagKey, defaultValue) => view.details(flagKey, defaultValue),
    on: (type, listener) => view.on(type, listener),
    stop: () => view.stop(),
  };
}

export const canary = (globalThis[Symbol.for("canary-runtime")] ??= start());
