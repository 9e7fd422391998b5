import { attempt } from "./attempt.js";
import { notes } from "./console.js";

/** What is remembered under a name, or nothing, also where it was damaged. `home` is the browser's or the tab's. */
export function recall(key, home = "localStorage") {
  const text = attempt(() => globalThis[home].getItem(key));
  const value = text && attempt(() => JSON.parse(text));
  if (text && typeof value !== "object") {
    forget(key, home);
    notes.push("E303");
    return {};
  }
  return value ?? {};
}

/** Remembers what JSON can hold. Answers whether it is kept. */
export function remember(key, value, home = "localStorage") {
  const text = JSON.stringify(value);
  attempt(() => globalThis[home].setItem(key, text));
  return attempt(() => globalThis[home].getItem(key)) === text;
}

export const forget = (key, home = "localStorage") => attempt(() => globalThis[home].removeItem(key));
