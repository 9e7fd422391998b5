import { attempt } from "../util/safe.js";
import { tell } from "../util/log.js";
import { createEvents } from "./events.js";
import { keepConsent } from "../storage/identity.js";

/** One page view's state: the decision, the flags once they are there, who listens. `canary` is what the page sees. */
export function createView() {
  const { on, emit, clear } = createEvents();
  const waiting = []; // for the flags
  let stops = [];
  let resolve;
  let start;

  const canary = {
    ready: new Promise((done) => (resolve = done)),
    evaluate: (flagKey, defaultValue, context) => view.flags?.evaluate(flagKey, context, defaultValue) ?? defaultValue,
    setConsent(granted) {
      keepConsent(granted === true);
      if (granted !== true) view.visitor = "anonymous";
      // Without a module there is none to make it, and with the privacy control none may be made.
      if (granted === true && !navigator.globalPrivacyControl) attempt(() => view.makeId());
    },
    started: () => start(),
    on,
    stop() {
      for (const stop of stops ?? []) stop();
      stops = null;
      clear();
    },
  };
  for (const name of ["identify", "setOverride", "clearOverrides"]) {
    canary[name] = (...values) => void (view.flags ? view.flags[name](...values) : waiting.push([name, values]));
  }
  for (const type of ["Boolean", "String", "Number", "Object"]) {
    const read = (flagKey, defaultValue) =>
      view.flags?.details(type.toLowerCase(), flagKey, defaultValue) ?? {
        flagKey,
        value: defaultValue,
        variant: null,
        reason: "ERROR",
        errorCode: view.missing,
        flagMetadata: {},
      };
    canary[`get${type}Details`] = read;
    canary[`get${type}Value`] = (...values) => read(...values).value;
  }

  const view = {
    canary,
    emit,
    startedAt: globalThis[Symbol.for("canary-guard")] ?? performance.now(),
    started: new Promise((done) => (start = done)), // the bundle says that it is up
    answer: null,
    decision: null,
    flags: null,
    missing: "PROVIDER_NOT_READY", // why there are no flags
    words: {}, // what codes mean, once the trial is there
    user: {}, // the targeting key and the attributes that the page began with
    isStale: false, // the last attempt at a config failed

    /** The flags are there: what was asked of them before is done now. */
    flagged(flags) {
      view.flags = flags;
      for (const [name, values] of waiting) flags[name](...values);
    },

    decided(decision) {
      view.decision = decision;
      resolve(decision);
      document.dispatchEvent(new CustomEvent("canary:ready", { detail: decision }));
      emit("ready", decision);
      const { variant, cohort, reason, bucket } = decision;
      const expose = () => emit("exposure", { flagKey: null, value: cohort, variant, reason, bucket });
      if (bucket === null || view.history.isContinued) return;
      if (document.prerendering) document.addEventListener("prerenderingchange", expose, { once: true });
      else expose();
    },

    /** Says what went wrong and what was done about it; to the page as well, by an event of the type given. */
    fail(fault, done, type) {
      const message = view.words[fault] ?? fault.slice(5);
      const code = fault.slice(0, 4);
      tell(`${code} ${message}; ${done}`);
      if (type) emit(type, { code, message });
    },

    /** Remembers what ends something, or ends it now where the page has stopped already. */
    onStop(stop) {
      if (stops) stops.push(stop);
      else stop();
    },
  };
  return view;
}
