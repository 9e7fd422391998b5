import { attempt } from "./attempt.js";
import { notes, tell } from "./console.js";

const maxAge = 90 * 24 * 60 * 60; // seconds, from the last use

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

/** Keeps the answer for the page views to come. A "no" is kept as well: no new id may take the place of the old one. */
export function keepConsent(granted) {
  keep("canary_consent", granted ? "yes" : "no");
  if (granted) return;
  keep("canary_id", "", 0);
  tell("I801 consent is withdrawn: the id is deleted; stable loads at the next page view");
}

/** Both homes are written, either restores the other. */
function keep(name, value, age = maxAge) {
  const secure = location.protocol === "https:" ? "; Secure" : "";
  attempt(() => (document.cookie = `${name}=${value}; Path=/; SameSite=Lax; Max-Age=${age}${secure}`));
  attempt(() => (age ? localStorage.setItem(name, value) : localStorage.removeItem(name)));
  return find(name);
}

/** The cookie stands before the other home. */
const homes = (name) => `${attempt(() => document.cookie)}; ${name}=${attempt(() => localStorage.getItem(name)) ?? ""}`;

const find = (name) => new RegExp(`(?:^|; )${name}=([\\w-]{1,128})(?=;|$)`).exec(homes(name))?.[1];
