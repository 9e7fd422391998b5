/** The device id and the user's consent. */
import { log, pendingCodes } from "../util/log.js";
import { dualText, loadDual, removeAll, saveDual } from "./storage.js";

/**
 * This browser's device id, made where there is none. Empty where nothing stores it.
 *
 * @param {() => string} newDeviceId
 */
export function ensureDeviceId(newDeviceId) {
  const known = loadDeviceId();
  if (!known && /canary_id=[^;]/.test(dualText("canary_id"))) pendingCodes.push("E303");
  const id = known ?? newDeviceId();
  // Both stores can refuse without an error, and another tab may store an id in the meantime.
  const stored = saveDual("canary_id", id) ?? "";
  if (!stored) pendingCodes.push("E301");
  else if (stored !== id) pendingCodes.push("I306");
  return stored;
}

export const loadDeviceId = () => loadDual("canary_id");

/**
 * The user's last answer: "yes", "no", or undefined before the first. A "yes" in the cookie of earlier versions does not count,
 * because other hosts could have set it; it is in localStorage, too.
 */
export const loadConsent = () => loadDual("canary_consent", "no");

/** Removes the device id and all that earlier page views left. */
export function eraseVisitor() {
  saveDual("canary_id", "", 0);
  removeAll();
}

/**
 * Stores the user's answer. A "no" is stored as well, so that no new id takes the place of the old one.
 *
 * @param {boolean} granted
 */
export function saveConsent(granted) {
  saveDual("canary_consent", granted ? "yes" : "no");
  if (granted) return;
  eraseVisitor();
  log("I801 consent is withdrawn: the id is deleted; stable loads at the next page view");
}
