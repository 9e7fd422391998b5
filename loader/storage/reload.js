import { reloadMs } from "./visitor_state.js";
import { recall, remember } from "./storage.js";

/**
 * Notes a reload, which a version may cause once in half a minute; `from` is the time where a fallback causes it, else 0.
 * Answers whether it is noted, and null where it is one too many.
 */
export function noteReload(version, from) {
  const past = recall("canary_reload", "sessionStorage");
  const now = Date.now();
  if (now - past[version] < reloadMs) return null;
  return remember("canary_reload", { ...past, from, [version]: now }, "sessionStorage");
}
