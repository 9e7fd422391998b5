/**
 * The page's runtime for code that is bundled: finds the one instance whenever it is asked, and runs nothing of its
 * own. Before `canary.js` has run, flags have their defaults and everything else waits for it.
 */
const instance = () => globalThis[Symbol.for("canary-runtime")];
const waiting = [];

/** In the order of the calls: those that had to wait come first. */
function flush() {
  if (instance()) for (const action of waiting.splice(0)) action(instance());
}

/** On a server nobody will come whom to wait for. */
function whenThere(action) {
  if (globalThis.document) waiting.push(action);
  flush();
}

globalThis.document?.addEventListener("canary:ready", flush);

const error = { variant: null, reason: "ERROR", errorCode: "PROVIDER_NOT_READY" };
const noDecision = { ...error, variant: "stable", cohort: "rest", bucket: null, revision: null, eligible: false };

/** What the instance answers; `otherwise` without one, or where a `canary.js` older than this has no such method. */
function ask(name, args, otherwise) {
  flush();
  const method = instance()?.[name];
  return method ? method(...args) : otherwise;
}

let ready;

export const canary = {
  get ready() {
    if (!globalThis.document) return Promise.resolve(noDecision);
    flush();
    return instance()?.ready ?? (ready ??= new Promise((resolve) => whenThere((runtime) => resolve(runtime.ready))));
  },
  evaluate: (...args) => ask("evaluate", args, args[1]),
  on(type, listener) {
    let hasLeft = false;
    let leave = () => (hasLeft = true);
    whenThere((runtime) => {
      if (!hasLeft) leave = runtime.on(type, listener);
    });
    return () => void leave();
  },
};
for (const type of ["Boolean", "String", "Number", "Object"]) {
  const [value, details] = [`get${type}Value`, `get${type}Details`];
  canary[value] = (...args) => ask(value, args, args[1]);
  canary[details] = (...args) => ask(details, args, { flagKey: args[0], value: args[1], ...error, flagMetadata: {} });
}
for (const name of ["identify", "setOverride", "clearOverrides", "setConsent", "started", "stop"]) {
  canary[name] = (...args) => whenThere((runtime) => void runtime[name]?.(...args));
}
