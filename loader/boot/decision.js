/** The decision for this page view: by the config, by the last config that was good, or stable. */
import { pendingCodes } from "../util/log.js";
import { toJson } from "../util/safe.js";
import { fetchConfig } from "./config.js";

const dayMs = 86_400_000; // a clock that is further off is wrong

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
 * @param {Promise<Partial<LifecycleScript>>} lifecycleLoad
 * @returns {Promise<Answer>}
 */
export async function requestDecision(page, engineStart, deadline, lifecycleLoad) {
  page.decideBy = (reply) => runEngine(page, reply);
  const abort = new AbortController();
  const engine = engineStart.then(page.engineStarted);
  const config = fetchConfig(page.settings.config, abort.signal).then(page.loadPatterns);
  let answer;
  try {
    const [reply] = await Promise.race([Promise.all([config, engine]), deadline]);
    answer = decideByConfig(page, reply);
    if (!answer.code) return answer;
  } catch (fault) {
    // What the runtime throws itself is a text.
    if (typeof fault !== "string") throw fault;
    answer = stableAnswer(fault);
  } finally {
    abort.abort();
  }
  await Promise.race([engine, deadline]).catch(() => {});
  // Whatever has arrived by the deadline wins.
  const { decideByLastKnownGood } = await Promise.race([lifecycleLoad, deadline]).catch(
    () => /** @type {Partial<LifecycleScript>} */ ({}),
  );
  return { ...answer, ...(page.engine && (await decideByLastKnownGood?.(page, deadline))) };
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
  // Other pages of this browser have their canary.
  const isRecorded = page.visitor.kind !== "anonymous" && !isOverridden && !answer.fault;
  if (isRecorded) page.visitorState.recordArm(decision.variant, digest(page.engine?.config() ?? {}));
  return { ...answer, decision: counted, reply };
}

/** A number for what chooses the arm in a config. @param {any} config */
function digest({ CANARY_PERCENTAGE, SALT, CANARY_RULES, SEGMENTS }) {
  let hash = 0;
  for (const unit of toJson([CANARY_PERCENTAGE, SALT, CANARY_RULES, SEGMENTS])) {
    hash = (Math.imul(hash, 31) + /** @type {number} */ (unit.codePointAt(0))) | 0;
  }
  return hash;
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
    const { decision, lacksEntry } = answer;
    if (!lacksEntry) return { ...answer, hasNotices };
    if (decision.variant === "canary") return { ...answer, ...stableAnswer("E119"), hasNotices };
    // Such a page counts in neither arm.
    return { ...answer, decision: { ...decision, eligible: false }, hasNotices };
  } catch {
    page.engineDropped();
    throw "E205";
  }
}
