/** The decision for this page view: by the config, by the last config that was good, or stable. */
import { encode } from "../host.js";
import { load, remove } from "../storage/storage.js";
import { pendingCodes } from "../util/log.js";
import { fetchConfig } from "./config.js";

const dayMs = 86_400_000; // the last known good config is used for so long
const armMs = 600_000; // and chooses the arm for so long

/**
 * Stable, because of a fault.
 *
 * @param {string} [fault]
 * @returns {Answer}
 */
export const stableAnswer = (fault) => ({
  decision: {
    variant: "stable",
    cohort: "rest",
    bucket: null,
    reason: "ERROR",
    errorCode: "GENERAL",
    revision: null,
    eligible: false,
  },
  fault,
});

/**
 * Requests the config and decides by it, until the deadline. Falls back to the last known good config, then to stable; the
 * answer has a `fault` or a `code` then.
 *
 * @param {PageState} page
 * @param {Promise<Engine>} engineStart
 * @param {Promise<never>} deadline
 * @returns {Promise<Answer>}
 */
export async function requestDecision(page, engineStart, deadline) {
  page.decideBy = (reply) => runEngine(page, reply);
  const abort = new AbortController();
  const engine = engineStart.then(page.engineStarted);
  const config = fetchConfig(page.settings.config, abort.signal);
  let answer;
  try {
    const [reply] = await Promise.race([Promise.all([config, engine]), deadline]);
    answer = decideByConfig(page, reply);
    if (!answer.code) return answer;
  } catch (fault) {
    answer = stableAnswer(/** @type {string} */ (fault));
  } finally {
    abort.abort();
  }
  return { ...answer, ...(await decideByLastKnownGood(page, Promise.race([engine, deadline]))) };
}

/**
 * Decides by the config that was requested. A config that the engine refuses gives a `code`, and the reply as `refused`.
 *
 * @param {PageState} page
 * @param {ConfigReply} reply
 * @returns {Answer}
 */
function decideByConfig(page, reply) {
  const { decision, ...answer } = page.decideBy(reply);
  const isClockOff = Math.abs(reply.now - Date.now()) > dayMs;
  if (isClockOff) pendingCodes.push("E116");
  const counted = { ...decision, eligible: decision.eligible && !isClockOff };
  if (answer.code) return { ...answer, decision: counted, refused: reply };
  // An override is for this page view or session alone.
  const isOverridden = page.overrides?.isUsed(page.engine?.config());
  const isRecorded = page.visitor.kind !== "anonymous" && !isOverridden;
  if (isRecorded) page.visitorState.recordArm(decision.variant, digest(page.engine?.config() ?? {}));
  return { ...answer, decision: counted, reply };
}

/** A number for what chooses the arm in a config. @param {any} config */
function digest({ CANARY_PERCENTAGE, SALT, CANARY_RULES, SEGMENTS }) {
  let hash = 0;
  for (const unit of JSON.stringify([CANARY_PERCENTAGE, SALT, CANARY_RULES, SEGMENTS])) {
    hash = (Math.imul(hash, 31) + /** @type {number} */ (unit.codePointAt(0))) | 0;
  }
  return hash;
}

/**
 * Decides by the last config that was good. It never moves a browser to the canary.
 *
 * @param {PageState} page
 * @param {Promise<unknown>} engine
 * @returns {Promise<Answer | undefined>}
 */
async function decideByLastKnownGood(page, engine) {
  const { at, text, now } = load("canary_good");
  const age = Date.now() - at;
  await engine.catch(() => {});
  if (!page.engine || !(age >= 0 && age < dayMs)) return;
  let code = "E304";
  try {
    const reply = { bytes: encode(text), now: (now ?? NaN) + age };
    const { decision, ...answer } = page.decideBy(reply);
    if (!answer.code) {
      const variant = page.visitorState.hadCanary ? decision.variant : "stable";
      const stale = /** @type {const} */ ({ ...decision, variant, reason: "STALE", eligible: false });
      return { ...answer, decision: age < armMs ? stale : stableAnswer().decision, reply, isLastKnownGood: true };
    }
    // An expired config was good; any other that is refused was damaged.
    code = answer.code === "E115" ? "" : "E303";
  } catch {
    // The engine trapped, and is not entered again.
  }
  remove("canary_good");
  if (code) pendingCodes.push(code);
}

/**
 * Decides with the hold and the quarantine of this browser. An engine that traps is dropped.
 *
 * @param {PageState} page
 * @param {ConfigReply} reply
 * @returns {EngineAnswer}
 */
function runEngine(page, reply) {
  const { settings, visitor, visitorState } = page;
  const engine = /** @type {Engine} */ (page.engine);
  try {
    const { code, hasNotices } = engine.load(reply, settings.origins);
    if (code) {
      const errorCode = code === "E115" ? "GENERAL" : "PARSE_ERROR";
      return { code, decision: { ...stableAnswer().decision, errorCode } };
    }
    const { arm, tokenLevel } = page.overrides ?? {};
    const level = tokenLevel?.(engine.config());
    const answer = visitorState.decideWithHold((isHeld) => engine.decide(visitor.kind, arm, isHeld, level));
    return { ...answer, hasNotices };
  } catch {
    page.engineDropped();
    throw "E205";
  }
}
