import { fetchConfig } from "./config.js";
import { notes } from "../util/log.js";
import { encode } from "../util/encode.js";
import { forget, recall } from "../storage/storage.js";
import { startModule } from "./engine.js";

const dayMs = 86_400_000;
const armMs = 600_000; // how long a config that was good may still choose the arm

/** Stable, because of a fault. */
export const without = (fault) => ({
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
 * `{decision, bundle?, version, guard?, flags, reply}` by the config; else by the last good one, or stable without one,
 * and then with the fault as well: as a text, or as a `code` whose words the flags have, with the `refused` reply.
 */
export async function decide(settings, view, end) {
  const abort = new AbortController();
  const module = startModule(settings, view);
  const config = fetchConfig(settings.config, abort.signal);
  let answer;
  try {
    const [reply] = await Promise.race([Promise.all([config, module]), end]);
    answer = view.decide(reply);
    if (Math.abs(reply.now - Date.now()) > dayMs) {
      notes.push("E116");
      answer.decision.eligible = false;
    }
    if (!answer.code) {
      // What an address gives is for this page view alone.
      const isNews = view.visitor !== "anonymous" && !/[?&]canary=/.test(location.search);
      if (isNews) view.history.note(answer.decision.variant);
      return { ...answer, reply };
    }
    answer.refused = reply;
  } catch (fault) {
    answer = without(fault);
  } finally {
    abort.abort();
  }
  return { ...answer, ...(await decideByGood(view, Promise.race([module, end]))) };
}

/** By the last config that was good, for as long as it may stand in; never the canary where there was none before. */
async function decideByGood(view, ready) {
  const { at, text, now } = recall("canary_good");
  const age = Date.now() - at;
  await ready.catch(() => {});
  // Without a module, or with one that trapped, it is not tried, nor blamed.
  if (!view.decide || !(age >= 0 && age < dayMs)) return;
  try {
    const reply = { bytes: encode(text), now: (now ?? NaN) + age };
    const { decision, ...answer } = view.decide(reply);
    // One that has expired meanwhile was sound.
    if (answer.code) throw answer.code === "E115" ? "" : "E303";
    const variant = view.history.wasCanary ? decision.variant : "stable";
    const stale = { ...decision, variant, reason: "STALE", eligible: false };
    return { ...answer, reply, isGood: true, decision: age < armMs ? stale : without().decision };
  } catch (fault) {
    forget("canary_good");
    if (fault) notes.push(fault === "E205" ? "E304" : fault);
  }
}
