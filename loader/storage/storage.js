/** Cookies, localStorage and sessionStorage of the runtime. Nothing here throws: blocked storage reads as empty. */
import { pendingCodes } from "../util/log.js";
import { isObject, tryOrNull } from "../util/safe.js";

const dualMaxAge = 7_776_000; // seconds since the last use: 90 days

/**
 * The object that is stored under a key; an empty one where there is none, or where it was damaged.
 *
 * @param {string} key
 * @param {StorageArea} [area]
 * @returns {any}
 */
export function load(key, area = "localStorage") {
  const text = tryOrNull(() => globalThis[area].getItem(key));
  const value = tryOrNull(() => JSON.parse(/** @type {string} */ (text)));
  if (isObject(value)) return value;
  if (text !== null) {
    remove(key, area);
    pendingCodes.push("E303");
  }
  return {};
}

/**
 * Stores an object, unless the user refuses. Returns whether it is stored.
 *
 * @param {string} key
 * @param {object} value
 * @param {StorageArea} [area]
 */
export function save(key, value, area = "localStorage") {
  if (navigator.globalPrivacyControl || loadDual("canary_consent") === "no") return false;
  const text = JSON.stringify(value);
  tryOrNull(() => globalThis[area].setItem(key, text));
  return tryOrNull(() => globalThis[area].getItem(key)) === text;
}

/** @param {string} key @param {StorageArea} [area] */
export const remove = (key, area = "localStorage") => tryOrNull(() => globalThis[area].removeItem(key));

/** Removes all that `save` has stored. */
export function removeAll() {
  for (const key of ["canary_memory", "canary_mark", "canary_good"]) remove(key);
  remove("canary_reload", "sessionStorage");
}

/**
 * Stores a word in a cookie and in localStorage, so that either restores the other. Returns the word that is stored.
 *
 * @param {string} name
 * @param {string} value
 * @param {number} [maxAge] in seconds; 0 removes the word
 */
export function saveDual(name, value, maxAge = dualMaxAge) {
  const secure = location.protocol === "https:" ? "; Secure" : "";
  tryOrNull(() => (document.cookie = `${name}=${value}; Path=/; SameSite=Lax; Max-Age=${maxAge}${secure}`));
  tryOrNull(() => (maxAge ? localStorage.setItem(name, value) : localStorage.removeItem(name)));
  return loadDual(name);
}

/** The word in the cookie, else the one in localStorage. @param {string} name */
export const loadDual = (name) => new RegExp(`(?:^|; )${name}=([\\w-]{1,128})(?=;|$)`).exec(dualText(name))?.[1];

/** All cookies and the entry in localStorage as one text, whatever is in them. @param {string} name */
export const dualText = (name) =>
  `${tryOrNull(() => document.cookie)}; ${name}=${tryOrNull(() => localStorage.getItem(name)) ?? ""}`;
