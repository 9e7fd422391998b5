/** The flags of a page: evaluation, exposures, identification and overrides. */
import { contexts, isContext, readAttributes } from "../page/context.js";
import { log } from "../util/log.js";
import { toJson, tryOrNull } from "../util/safe.js";

/** The caller's default, because of an error. @type {(errorCode: ErrorCode) => FlagAnswer} */
const errorAnswer = (errorCode) => ({ value: undefined, variant: null, reason: "ERROR", errorCode });

/**
 * Whether a value has a type; null has none but its own, undefined none at all.
 *
 * @param {string | undefined} type
 * @param {unknown} value
 */
const hasType = (type, value) => value !== undefined && (!type || (value !== null && typeof value === type));

/**
 * Creates what stands behind the page's object once a decision stands.
 *
 * @param {PageState} page
 * @returns {FlagClient}
 */
export function createFlagClient(page) {
  const exposed = new Set(); // flags with their values
  /** @type {Map<string, FlagAnswer>} */
  let answers = new Map(); // for each flag that the page has read, until something changes
  let isInvalid = false; // whether the page has identified something that is no context
  let context = contexts.device;
  let { targetingKey } = page.visitor;
  let now = 0; // the time that the dates of flags are compared with
  /** @type {Map<string, unknown>} */
  const pageOverrides = new Map();

  /** Calls the engine. One that traps is dropped, and not entered again. @template T @param {(engine: Engine) => T} action */
  const call = (action) => {
    try {
      return page.engine && action(page.engine);
    } catch {
      page.engineDropped();
      page.report("E205 the engine failed", "flags have their defaults", "error");
    }
  };

  const config = () => page.engine?.config();
  const overrides = () => new Map([...(page.overrides?.flags(config()) ?? []), ...pageOverrides]);
  const applyOverrides = () => call((engine) => engine.setOverrides(overrides()));

  /** @param {string} flagKey @param {number} context @param {string} [key] */
  const evaluate = (flagKey, context, key) => {
    const answer =
      call((engine) => engine.evaluate(flagKey, context, now, key)) ??
      errorAnswer(config() ? "FLAG_NOT_FOUND" : "GENERAL");
    if (page.isLastKnownGood && answer.value !== undefined) answer.reason = "STALE";
    return answer;
  };

  /** @type {FlagClient["inspect"]} */
  const inspect = (flagKey) => (isInvalid ? errorAnswer("INVALID_CONTEXT") : evaluate(flagKey, context));

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
    const answer = answers.get(flagKey) ?? answerFor(flagKey);
    const { value, variant, reason, bucket } = answer;
    if (value !== undefined && !hasType(type, value)) return errorAnswer("TYPE_MISMATCH");
    if (bucket !== undefined && !answer.isExposed) {
      answer.isExposed = true;
      const id = toJson([flagKey, value]);
      if (!exposed.has(id)) page.emit("exposure", { flagKey, value, variant, reason, bucket });
      exposed.add(id);
    }
    return answer;
  };

  /** @type {FlagClient["changed"]} */
  const changed = (isConfigNew) => {
    const before = answers;
    answers = new Map();
    const json = (/** @type {FlagAnswer | undefined} */ answer) => toJson(answer?.value);
    const flagsChanged = [...before.keys()].filter((key) => json(before.get(key)) !== json(answerFor(key)));
    if (isConfigNew || flagsChanged.length) page.emit("configurationChanged", { flagsChanged });
    page.updatePanel?.();
  };

  const overridesChanged = () => {
    applyOverrides();
    changed();
  };

  /** @type {FlagClient["configLoaded"]} */
  const configLoaded = (reply) => {
    now = reply.now || Date.now();
    applyOverrides();
  };

  const { reply } = page.answer;
  if (reply) configLoaded(reply);

  return {
    configLoaded,
    inspect,
    changed,
    call,
    overrides,
    pageOverrides,
    overridesChanged,
    targetingKey: () => targetingKey,

    details(type, flagKey, defaultValue) {
      const { value = defaultValue, variant, reason, errorCode, override } = read(type, flagKey);
      return { flagKey, value, variant, reason, errorCode, flagMetadata: override ? { override } : {} };
    },

    value(type, flagKey, defaultValue) {
      const { value } = read(type, flagKey);
      return value === undefined ? defaultValue : value;
    },

    evaluate(flagKey, context, defaultValue) {
      const type = defaultValue == null ? undefined : typeof defaultValue;
      if (context === undefined) return read(type, flagKey).value;
      // Another user is not exposed to a value that this page asks for.
      const user = tryOrNull(() => isContext(context) && { ...context });
      if (typeof flagKey !== "string" || !user) return;
      const { targetingKey = "", attributes } = user;
      const { keyOnly, other } = contexts;
      if (attributes && !call((engine) => engine.setContext(other, targetingKey, attributes))) return;
      const { value } = attributes ? evaluate(flagKey, other) : evaluate(flagKey, keyOnly, targetingKey);
      return hasType(type, value) ? value : undefined;
    },

    identify(userId, attributes) {
      const key = userId ?? page.visitor.targetingKey;
      const all = tryOrNull(() => ({ ...readAttributes(), ...page.visitor.attributes, ...attributes }));
      const isValid =
        all &&
        isContext({ targetingKey: key, attributes }) &&
        call((engine) => engine.setContext(contexts.user, key, all));
      isInvalid = !isValid;
      if (isValid) [context, targetingKey] = [contexts.user, key];
      else log("I118 identify: expected a text and a JSON object; flags have their defaults");
      changed();
    },

    setOverride(flagKey, value) {
      const copy = tryOrNull(() => [JSON.parse(toJson(value))]);
      if (copy && flagKey && typeof flagKey === "string") {
        pageOverrides.set(flagKey, copy[0]);
        overridesChanged();
      } else log("I118 setOverride: expected a text and a JSON value; it is ignored");
    },

    clearOverrides() {
      pageOverrides.clear();
      page.overrides?.clear();
      overridesChanged();
    },
  };
}
