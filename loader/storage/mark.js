import { forget, recall, remember } from "./storage.js";

/**
 * Leaves a mark while a canary starts, for the next page view to find where this one never ends: it counts when it is
 * older than the canary may take. Answers what takes it away.
 */
export function leaveMark(version, lastsMs) {
  const tab = Math.random();
  const clear = () => recall("canary_mark").tab === tab && forget("canary_mark");
  // A page that was rendered ahead may be dropped without a word.
  if (!document.prerendering) remember("canary_mark", { version, until: Date.now() + lastsMs, tab });
  return clear;
}
