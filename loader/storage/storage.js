import { attempt } from "../util/safe.js";
import { notes } from "../util/log.js";
import { isObject } from "../page/context.js";
import { find } from "./homes.js";

const keys = ["canary_memory", "canary_mark", "canary_good"];

/** What is remembered under a name, or nothing, also where it was damaged. `home` is the browser's or the tab's. */
export function recall(key, home = "localStorage") {
  const text = attempt(() => globalThis[home].getItem(key));
  const value = attempt(() => JSON.parse(text));
  if (isObject(value)) return value;
  if (text !== null) {
    forget(key, home);
    notes.push("E303");
  }
  return {};
}

/** Remembers what JSON can hold, unless the user refuses. Answers whether it is kept. */
export function remember(key, value, home = "localStorage") {
  if (navigator.globalPrivacyControl || find("canary_consent") === "no") return false;
  const text = JSON.stringify(value);
  attempt(() => globalThis[home].setItem(key, text));
  return attempt(() => globalThis[home].getItem(key)) === text;
}

export const forget = (key, home = "localStorage") => attempt(() => globalThis[home].removeItem(key));

/** Nothing of this browser's past is left. */
export function forgetAll() {
  for (const key of keys) forget(key);
  forget("canary_reload", "sessionStorage");
}
