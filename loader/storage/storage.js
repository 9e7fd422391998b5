/** Cookies, localStorage and sessionStorage of the runtime. Nothing here throws: blocked storage reads as empty. */
import { pendingCodes } from "../util/log.js";
import { isObject, toJson, tryOrNull } from "../util/safe.js";

const dualMaxAge = 7_776_000; // seconds since the last use: 90 days

// What is stored is the app's, but for the words below. An app is known by the address of its config. The scripts of the runtime
// are bundled one by one, so each says it.
let app = "";

/** Keys what is stored by an app, so that another one on this origin neither reads nor changes it. @param {string} config */
export function useApp(config) {
  const path = config && config.slice(origin.length);
  app = path && path !== "/config/canary.json" ? `:${path}` : "";
}

/**
 * The object that is stored under a key; an empty one where there is none, or where it was damaged.
 *
 * @param {string} key
 * @param {StorageArea} [area]
 * @returns {any}
 */
export function load(key, area = "localStorage") {
  const text = tryOrNull(() => globalThis[area].getItem(key + app));
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
  if (navigator.globalPrivacyControl || loadDual("canary_consent", "no") === "no") return false;
  const text = toJson(value);
  tryOrNull(() => globalThis[area].setItem(key + app, text));
  return tryOrNull(() => globalThis[area].getItem(key + app)) === text;
}

/** @param {string} key @param {StorageArea} [area] */
export const remove = (key, area = "localStorage") => tryOrNull(() => globalThis[area].removeItem(key + app));

/** Removes all that `save` has stored, for all apps. */
export function removeAll() {
  for (const area of /** @type {const} */ (["localStorage", "sessionStorage"])) {
    tryOrNull(() => {
      const store = globalThis[area];
      for (const key of Object.keys(store)) {
        if (/^canary_(memory|mark|good|reload|run)/.test(key)) store.removeItem(key);
      }
    });
  }
}

// With this prefix no other host can set the cookie, as one of a subdomain beside this one could.
const cookieName = (/** @type {string} */ name) => (location.protocol === "https:" ? `__Host-${name}` : name);
const find = (/** @type {string} */ name, /** @type {string} */ key, form = "[\\w-]{1,128}") =>
  new RegExp(`(?:^|; )${key}=(${form})(?=;|$)`).exec(dualText(name))?.[1];

/**
 * Stores a word in a cookie and in localStorage, so that either restores the other. Returns the word that is stored.
 *
 * @param {string} name
 * @param {string} value
 * @param {number} [maxAge] in seconds; 0 removes the word
 */
export function saveDual(name, value, maxAge = dualMaxAge) {
  const key = cookieName(name);
  const end = `; Path=/; SameSite=Lax; Max-Age=${maxAge}`;
  tryOrNull(() => {
    document.cookie = `${key}=${value}${end}${key === name ? "" : "; Secure"}`;
    // The name that earlier versions used on https.
    if (key !== name) document.cookie = `${name}=; Path=/; Max-Age=0`;
  });
  tryOrNull(() => (maxAge ? localStorage.setItem(name, value) : localStorage.removeItem(name)));
  return loadDual(name);
}

/**
 * The word in the cookie, else the one in localStorage, else one of this form in the cookie of earlier versions.
 *
 * @param {string} name
 * @param {string} [oldForm]
 */
export const loadDual = (name, oldForm) => find(name, cookieName(name)) ?? find(name, name, oldForm);

/** All cookies and the entry in localStorage as one text, whatever is in them. @param {string} name */
export const dualText = (name) =>
  `${tryOrNull(() => document.cookie)}; ${cookieName(name)}=${tryOrNull(() => localStorage.getItem(name)) ?? ""}`;
