/** The last known good config of this browser, which decides where the requested one cannot. */
import { stableAnswer } from "../boot/decision.js";
import { encode } from "../host.js";
import { load, remove, useApp } from "../storage/storage.js";
import { pendingCodes } from "../util/log.js";

const dayMs = 86_400_000; // the config is used for so long
const armMs = 600_000; // and chooses the arm for so long

/**
 * Decides by the last config that was good. It never moves a browser to the canary.
 *
 * @param {PageState} page
 * @param {Promise<never>} deadline
 * @returns {Promise<Answer | undefined>}
 */
export async function decideByLastKnownGood(page, deadline) {
  useApp(page.settings.config);
  const { at, text, now } = load("canary_good");
  const age = Date.now() - at;
  if (!(age >= 0 && age < dayMs)) return;
  const reply = { bytes: encode(text), now: (now ?? NaN) + age };
  let code = "E304";
  try {
    await Promise.race([page.loadPatterns(reply), deadline]);
  } catch {
    return; // it may be good all the same
  }
  try {
    const { decision, ...answer } = page.decideBy(reply);
    // The fault to report is the one for which this config is used.
    delete answer.fault;
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
