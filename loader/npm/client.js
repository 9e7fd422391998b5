/**
 * Client of the page's runtime, for code that is bundled. It finds the one instance whenever it is asked, and runs nothing
 * of its own. Before `canary.js` has run, flags have their defaults and all other calls wait for it.
 */

/** @type {() => Canary | undefined} */
const instance = () => /** @type {any} */ (globalThis)[Symbol.for("canary-runtime")];
/** @type {((runtime: Canary) => void)[]} */
const waiting = [];

/** Runs the calls that had to wait, in their order. */
function flush() {
  const runtime = instance();
  if (runtime) for (const action of waiting.splice(0)) action(runtime);
}

/** Runs an action once the instance is there, which it never is on a server. @param {(runtime: any) => void} action */
function whenThere(action) {
  if (globalThis.document) waiting.push(action);
  flush();
}

globalThis.document?.addEventListener("canary:ready", flush);

const error = { variant: null, reason: "ERROR", errorCode: "PROVIDER_NOT_READY" };
const noDecision = { ...error, variant: "stable", cohort: "rest", bucket: null, revision: null, eligible: false };

/**
 * Calls a method of the instance. Returns a default without an instance, or where an older `canary.js` lacks the method.
 *
 * @param {string} name
 * @param {any[]} args
 * @param {any} defaultValue
 */
function ask(name, args, defaultValue) {
  flush();
  const method = /** @type {any} */ (instance())?.[name];
  return method ? method(...args) : defaultValue;
}

/** @type {Promise<Decision> | undefined} */
let ready;

/** Whether no instance will come: the guard has loaded stable, or the whole page is there without a tag of the runtime. */
function isHopeless() {
  const { documentElement, readyState } = document;
  const hasTag = () => document.querySelector('script[type="module"][src*="canary"], script[data-stable]');
  return !!documentElement.dataset.canaryVariant || (readyState === "complete" && !hasTag());
}

/** The decision of the instance, or none where no instance will come. @returns {Promise<Decision>} */
const waitForDecision = () =>
  new Promise((resolve) => {
    whenThere((runtime) => resolve(runtime.ready));
    const timer = setInterval(() => {
      flush();
      const isOver = instance() ? null : isHopeless();
      if (isOver) resolve(/** @type {Decision} */ (noDecision));
      if (isOver !== false) clearInterval(timer);
    }, 50);
  });

/** @type {any} */
const client = {
  get ready() {
    if (!globalThis.document) return Promise.resolve(noDecision);
    flush();
    return instance()?.ready ?? (ready ??= waitForDecision());
  },
  /** @param {any[]} args */
  evaluate: (...args) => ask("evaluate", args, args[1]),
  /** @param {string} type @param {(detail: any) => void} listener */
  on(type, listener) {
    let hasLeft = false;
    let leave = () => void (hasLeft = true);
    whenThere((runtime) => {
      if (!hasLeft) leave = runtime.on(type, listener);
    });
    return () => void leave();
  },
};
for (const type of ["Boolean", "String", "Number", "Object"]) {
  const [value, details] = [`get${type}Value`, `get${type}Details`];
  client[value] = (/** @type {any[]} */ ...args) => ask(value, args, args[1]);
  client[details] = (/** @type {any[]} */ ...args) =>
    ask(details, args, { flagKey: args[0], value: args[1], ...error, flagMetadata: {} });
}
for (const name of ["identify", "setOverride", "clearOverrides", "setConsent", "started", "stop"]) {
  client[name] = (/** @type {any[]} */ ...args) => whenThere((runtime) => void runtime[name]?.(...args));
}

/** @type {Canary} */
export const canary = client;
