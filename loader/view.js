import { attempt } from "./attempt.js";
import { tell } from "./console.js";
import { encodeContext, readAttributes } from "./context.js";
import { encode } from "./encode.js";
import { createEvents } from "./events.js";
import { keepConsent } from "./identity.js";

const error = (errorCode) => ({ variant: null, reason: "ERROR", errorCode });
const empty = encode("");

/**
 * One page view's state: the module's instance, the decision, the flags that were asked for, who listens. `canary` of
 * it is what the page sees.
 */
export function createView() {
  const { on, emit, clear } = createEvents();
  const exposed = new Set();
  let answers = new Map(); // the module's, for each flag that was asked for, until something changes
  let isInvalid = false; // who was identified last
  let waiting = []; // for the decision
  let stops = [];
  let resolve;

  /** A module that trapped is dropped and not entered again. What it answers is the page's to see, not to change. */
  const enter = (action) => {
    try {
      return JSON.parse(action(view.runtime) ?? null, (_, value) => Object.freeze(value));
    } catch {
      view.runtime = null;
      throw "E205 the module failed";
    }
  };

  /** As `enter`, where a fault costs the flags alone; nothing without a module. */
  const tryTo = (action) => {
    try {
      return view.runtime && enter(action);
    } catch (fault) {
      view.fail(fault, "flags have their defaults", "error");
    }
  };

  const ask = (flagKey, context) => ({
    variant: null,
    ...(tryTo((runtime) => runtime.flag(encode(flagKey), context)) ?? error("GENERAL")),
  });

  const answerTo = (flagKey) => {
    const key = typeof flagKey === "string" ? flagKey : "";
    const known = answers.get(key);
    if (known || !view.decision) return known ?? error("PROVIDER_NOT_READY");
    const answer = isInvalid ? error("INVALID_CONTEXT") : ask(key, empty);
    answers.set(key, answer);
    return answer;
  };

  const read = (kind, flagKey) => {
    const answer = answerTo(flagKey);
    const { value, variant, reason, bucket } = answer;
    if (value !== undefined && !fits(kind, value)) return error("TYPE_MISMATCH");
    if (bucket !== undefined && !answer.isTold) {
      answer.isTold = true;
      const id = JSON.stringify([flagKey, value]);
      if (!exposed.has(id)) emit("exposure", { flagKey, value, variant, reason, bucket });
      exposed.add(id);
    }
    return answer;
  };

  const valueOf = (kind, flagKey, defaultValue) => {
    const { value = defaultValue } = read(kind, flagKey);
    return value;
  };

  /** Does what may give flags other values, once there is a decision. */
  const change = (action) => {
    if (!view.decision) return void waiting.push(action);
    tryTo(action);
    view.changed();
  };

  const canary = {
    ready: new Promise((done) => (resolve = done)),
    /** For somebody who need not be this page's user: nobody is exposed to the value. */
    evaluate(flagKey, defaultValue, context) {
      const kind = defaultValue == null ? undefined : typeof defaultValue;
      if (context === undefined) return valueOf(kind, flagKey, defaultValue);
      const bytes = encodeContext(context);
      const { value } = bytes && typeof flagKey === "string" ? ask(flagKey, bytes) : {};
      return fits(kind, value) ? value : defaultValue;
    },
    identify(userId, attributes) {
      change((runtime) => {
        const context = { targetingKey: userId ?? view.user.targetingKey, attributes };
        const bytes = encodeContext(context, { ...readAttributes(), ...view.user.attributes });
        // The module has limits of its own, for nesting say.
        isInvalid = !bytes || ask("", bytes).errorCode === "INVALID_CONTEXT";
        if (!isInvalid) runtime.identify(bytes);
        else tell("I118 identify: expected a text and a JSON object; flags have their defaults");
      });
    },
    setOverride(flagKey, value) {
      const text = attempt(() => JSON.stringify(value));
      if (text && flagKey && typeof flagKey === "string") {
        change((runtime) => runtime.override(encode(flagKey), encode(text)));
      } else tell("I118 setOverride: expected a text and a JSON value; it is ignored");
    },
    clearOverrides: () => change((runtime) => runtime.override(empty, empty)),
    setConsent(granted) {
      keepConsent(granted === true);
      // Without a module there is none to make it, and with the privacy control none may be made.
      if (granted === true && !navigator.globalPrivacyControl) attempt(() => view.makeId());
    },
    started() {}, // nothing waits for it yet
    on,
    stop() {
      for (const stop of stops ?? []) stop();
      stops = null;
      clear();
    },
  };
  for (const type of ["Boolean", "String", "Number", "Object"]) {
    const kind = type.toLowerCase(); // as `typeof` has it
    canary[`get${type}Value`] = (flagKey, defaultValue) => valueOf(kind, flagKey, defaultValue);
    canary[`get${type}Details`] = (flagKey, defaultValue) => {
      const { value = defaultValue, variant, reason, errorCode, override } = read(kind, flagKey);
      return { flagKey, value, variant, reason, errorCode, flagMetadata: override ? { override } : {} };
    };
  }

  const view = {
    canary,
    emit,
    startedAt: performance.now(),
    runtime: null,
    decision: null,
    user: {}, // the targeting key and the attributes that the page began with
    isStale: false, // the last attempt at a config failed

    /** Hands a config to the module: `{decision, bundle?, fault?, notices}`. */
    decide: (bytes, now) => enter((runtime) => runtime.decide(bytes, now, Date.now())),

    decided(decision) {
      view.decision = decision;
      waiting.map(tryTo);
      resolve(decision);
      document.dispatchEvent(new CustomEvent("canary:ready", { detail: decision }));
      emit("ready", decision);
      const { variant, cohort, reason, bucket } = decision;
      if (bucket !== null) emit("exposure", { flagKey: null, value: cohort, variant, reason, bucket });
    },

    /** After whatever may have given flags other values: tells which of those that were asked for have one. */
    changed(isNews) {
      const before = answers;
      answers = new Map();
      const text = (answer) => JSON.stringify(answer.value);
      const flagsChanged = [...before.keys()].filter((key) => text(before.get(key)) !== text(answerTo(key)));
      if (isNews || flagsChanged.length) emit("configurationChanged", { flagsChanged });
    },

    /** Says what went wrong and what was done about it; to the page as well, by an event of the type given. */
    fail(fault, done, type) {
      tell(`${fault}; ${done}`);
      if (type) emit(type, { code: fault.slice(0, 4), message: fault.slice(5) });
    },

    /** Remembers what ends something, or ends it now where the page has stopped already. */
    onStop(stop) {
      if (stops) stops.push(stop);
      else stop();
    },
  };
  return view;
}

/** A value of JSON's type; null is of none but its own. */
const fits = (kind, value) => value !== undefined && (!kind || (value !== null && typeof value === kind));
