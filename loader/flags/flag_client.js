/** The flags of a page: evaluation, exposures, identification and overrides. */
import { encodeContext, readAttributes } from "../page/context.js";
import { log } from "../util/log.js";
import { tryOrNull } from "../util/safe.js";

/** @type {(errorCode: ErrorCode) => FlagAnswer} */
const errorAnswer = (errorCode) => ({ variant: null, reason: "ERROR", errorCode });

/**
 * Whether a value has a type; null has none but its own, undefined none at all.
 *
 * @param {string | undefined} type
 * @param {unknown} value
 */
const hasType = (type, value) => value !== undefined && (!type || (value !== null && typeof value === type));

/**
 * Creates what stands behind the page's object once the flag engine has started.
 *
 * @param {PageState} page
 * @param {FlagEngine} engine
 * @returns {FlagClient}
 */
export function createFlagClient(page, engine) {
  const exposed = new Set(); // flags with their values
  /** @type {Map<string, FlagAnswer>} */
  let answers = new Map(); // for each flag that the page has read, until something changes
  let isInvalid = false; // whether the page has identified something that is no context

  /** @param {string} flagKey @param {Uint8Array} [context] */
  const evaluate = (flagKey, context) => {
    const answer = { variant: null, ...(engine.evaluate(flagKey, context) ?? errorAnswer("GENERAL")) };
    if (page.isLastKnownGood && answer.value !== undefined) answer.reason = "STALE";
    return answer;
  };

  /** @type {FlagClient["inspect"]} */
  const inspect = (flagKey) => (isInvalid ? errorAnswer("INVALID_CONTEXT") : evaluate(flagKey));

  /** The answer for a flag that the page reads. @param {unknown} flagKey */
  const answerFor = (flagKey) => {
    const key = typeof flagKey === "string" ? flagKey : "";
    const answer = answers.get(key) ?? inspect(key);
    answers.set(key, answer);
    return answer;
  };

  /**
   * The answer for a flag that should have a type. Emits its exposure, once for a value.
   *
   * @param {string | undefined} type
   * @param {string} flagKey
   */
  const read = (type, flagKey) => {
    const answer = answerFor(flagKey);
    const { value, variant, reason, bucket } = answer;
    if (value !== undefined && !hasType(type, value)) return errorAnswer("TYPE_MISMATCH");
    if (bucket !== undefined && !answer.isExposed) {
      answer.isExposed = true;
      const id = JSON.stringify([flagKey, value]);
      if (!exposed.has(id)) page.emit("exposure", { flagKey, value, variant, reason, bucket });
      exposed.add(id);
    }
    return answer;
  };

  /** @type {FlagClient["changed"]} */
  const changed = (isConfigNew) => {
    const before = answers;
    answers = new Map();
    const json = (/** @type {FlagAnswer | undefined} */ answer) => JSON.stringify(answer?.value);
    const flagsChanged = [...before.keys()].filter((key) => json(before.get(key)) !== json(answerFor(key)));
    if (isConfigNew || flagsChanged.length) page.emit("configurationChanged", { flagsChanged });
    page.updatePanel?.();
  };

  return {
    takeConfig: engine.takeConfig,
    describe: engine.describe,
    definition: engine.definition,
    inspect,
    changed,

    decide: (reply) => page.visitorState.decideWithHold((isHeld) => engine.decide(reply, isHeld)),

    details(type, flagKey, defaultValue) {
      const { value = defaultValue, variant, reason, errorCode, override } = read(type, flagKey);
      return { flagKey, value, variant, reason, errorCode, flagMetadata: override ? { override } : {} };
    },

    evaluate(flagKey, context, defaultValue) {
      const type = defaultValue == null ? undefined : typeof defaultValue;
      if (context === undefined) return read(type, flagKey).value;
      // Another user is not exposed to a value that this page asks for.
      const encoded = encodeContext(context);
      const value = encoded && typeof flagKey === "string" ? evaluate(flagKey, encoded).value : undefined;
      return hasType(type, value) ? value : undefined;
    },

    identify(userId, attributes) {
      const { targetingKey, attributes: ownAttributes } = page.visitor;
      const base = { ...readAttributes(), ...ownAttributes };
      const context = encodeContext({ targetingKey: userId ?? targetingKey, attributes }, base);
      // The engine has limits of its own, for nesting for example.
      isInvalid = !context || engine.identify(context) === false;
      if (isInvalid) log("I118 identify: expected a text and a JSON object; flags have their defaults");
      changed();
    },

    setOverride(flagKey, value) {
      const json = tryOrNull(() => JSON.stringify(value));
      if (json && flagKey && typeof flagKey === "string") {
        engine.setOverride(flagKey, json);
        changed();
      } else log("I118 setOverride: expected a text and a JSON value; it is ignored");
    },

    clearOverrides() {
      engine.clearOverrides();
      changed();
    },

    clearOverride(flagKey) {
      const { overridden = [] } = engine.describe() ?? {};
      const kept = overridden.filter((key) => key !== flagKey).map((key) => [key, inspect(key).value]);
      engine.clearOverrides();
      for (const [key, value] of kept) engine.setOverride(key, JSON.stringify(value));
      changed();
    },
  };
}
