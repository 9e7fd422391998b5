/** Composables for Vue. */
import { getCurrentInstance, getCurrentScope, onMounted, onScopeDispose, shallowRef } from "vue";
import { canary } from "./client.js";

/**
 * Creates a ref that follows the runtime. Server-rendered HTML has the first value, so a component that takes it over does
 * not read another one before it is mounted.
 *
 * @param {any} first
 * @param {(set: (value: any) => void) => () => void} follow sets values until the returned function is called
 */
const createRef = (first, follow) => {
  const ref = shallowRef(first);
  let end = () => {};
  const start = () => void (end = follow((value) => (ref.value = value)));
  // Vue gives the element to a component before its setup only where it hydrates.
  if (getCurrentInstance()?.vnode.el) onMounted(start);
  else start();
  if (getCurrentScope()) onScopeDispose(() => end());
  return ref;
};

/** @param {string} flagKey @param {any} defaultValue */
export const useFlag = (flagKey, defaultValue) =>
  createRef(defaultValue, (set) => {
    const update = () => set(canary.evaluate(flagKey, defaultValue));
    const cleanups = /** @type {const} */ (["ready", "configurationChanged"]).map((type) => canary.on(type, update));
    update();
    return () => cleanups.forEach((cleanup) => cleanup());
  });

export const useCanary = () => createRef(undefined, (set) => canary.on("ready", set));
