import { notes, tell } from "../util/log.js";
import { find, homes, keep } from "./homes.js";
import { forgetAll } from "./storage.js";

/** This browser's id, made by `newId` where there is none, or "" where nothing keeps it. */
export function keepId(newId) {
  const known = find("canary_id");
  if (!known && /canary_id=[^;]/.test(homes("canary_id"))) notes.push("E303");
  const id = known ?? newId();
  // Read back: both homes can refuse in silence, and another tab may have been quicker.
  const kept = keep("canary_id", id) ?? "";
  if (!kept) notes.push("E301");
  else if (kept !== id) notes.push("I306");
  return kept;
}

export const findId = () => find("canary_id");

/** What the user was last said to have answered: "yes", "no" or nothing yet. */
export const findConsent = () => find("canary_consent");

/** Who may not be recognised again leaves nothing behind. */
export function erase() {
  keep("canary_id", "", 0);
  forgetAll();
}

/** Keeps the answer for the page views to come. A "no" is kept as well: no new id may take the place of the old one. */
export function keepConsent(granted) {
  keep("canary_consent", granted ? "yes" : "no");
  if (granted) return;
  erase();
  tell("I801 consent is withdrawn: the id is deleted; stable loads at the next page view");
}
