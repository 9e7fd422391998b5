import { notes } from "../util/log.js";
import { forget, recall, remember } from "./storage.js";

export const reloadMs = 30_000; // a version makes a page load again once in this time

/**
 * What page views before this one left behind. A canary that failed here is not tried again, and a browser that a config
 * took from canary to stable stays there for a while, so that pods which disagree do not make it flip.
 */
export function createHistory({ holdMs }) {
  const now = Date.now();
  const past = recall("canary_memory"); // {arm, until, bad}
  const keep = (news) => remember("canary_memory", Object.assign(past, news));

  const mark = recall("canary_mark");
  if (mark.until < now) {
    // Somebody began with the canary, and neither came up nor left.
    forget("canary_mark");
    keep({ arm: "stable", bad: mark.version });
    notes.push("E405");
  }
  // No hold is longer than one that begins now, whatever the clock was when it was noted.
  if (past.until > now + holdMs) keep({ until: now + holdMs });

  const reload = recall("canary_reload", "sessionStorage"); // {from, and the time of the last one of each version}
  if (reload.from) remember("canary_reload", { ...reload, from: 0 }, "sessionStorage");
  return {
    keep,
    /** Whether this page view is the clean reload that a failed canary led to. */
    isContinued: now - reload.from < reloadMs,
    wasCanary: past.arm === "canary",
    isHeld: (version) => past.until > now || past.bad === version,

    /** The arm that the config gives this browser. What an address or a fault gives it is no news. */
    note(arm) {
      if (arm === past.arm) return;
      if (past.arm === "canary") {
        past.until = now + holdMs;
        notes.push("I114");
      }
      if (!keep({ arm })) notes.push("E302");
    },
  };
}
