/** The page's settings: the attributes of the script tag, with their defaults. */
import { loadConsent } from "../storage/identity.js";
import { log } from "../util/log.js";
import { isObject } from "../util/safe.js";

/**
 * Reads the settings from the script tag. Without one all have their defaults.
 *
 * @param {HTMLScriptElement | null | void} tag
 * @returns {Settings}
 */
export function readSettings(tag) {
  const data = tag?.dataset ?? {};
  const number = (/** @type {string} */ name, /** @type {[number, number, number]} */ [min, max, fallback]) => {
    const text = tag?.getAttribute(name);
    if (text == null) return fallback;
    const value = Number(text);
    if (value >= min && value <= max) return value;
    log(`I118 ${name}: expected ${min} to ${max}; it is ignored`);
    return fallback;
  };
  const consent = loadConsent();
  const base = data.canaryBase;
  const block = document.documentElement.querySelector("script[data-canary-stable]")?.textContent;
  return {
    config: sameOriginUrl(data.config || "/config/canary.json"),
    userId: data.userId || "",
    // Before the origins, the rules that a canary's files have to keep. No entry of a config has a name with other characters.
    origins: `${data.entry == null ? "" : `entry:${data.entry.replace(/[^\w.-]/g, "%")} `}${"integrity" in data ? "integrity " : ""}${base == null ? "" : `base:${base} `}${data.origins || ""}`,
    attributes: readJson(data.attributes, isObject, "data-attributes: expected a JSON object"),
    budgetMs: number("data-decision-budget", [1, 60000, 1500]),
    holdMs: number("data-hold", [0, 86400, 180]) * 1000,
    refreshSeconds: number("data-refresh", [1, 86400, 0]),
    arrivalMs: number("data-arrival-timeout", [1, 30000, 30000]),
    root: data.root || "body",
    // A misspelled answer must not switch privacy off.
    private: navigator.globalPrivacyControl === true || consent === "no" || ("consent" in data && consent !== "yes"),
    nonce: tag?.nonce ?? "",
    stable:
      readJson(block, isBundle, "data-canary-stable: expected a bundle") ??
      createBundle(data.stable || "/stable/main.js", data.stableIntegrity, data.stableStyles),
    canary: createBundle(data.canary || "/canary/main.js"),
  };
}

/**
 * @param {string | null | undefined} text
 * @param {(value: any) => boolean} isValid
 * @param {string} expected
 */
function readJson(text, isValid, expected) {
  if (!text) return;
  try {
    const value = JSON.parse(text);
    if (isValid(value)) return value;
  } catch {
    // Ignored like JSON of another shape.
  }
  log(`I118 ${expected}; it is ignored`);
}

/** @param {any} value */
function isBundle({ scripts, styles = [], preload = [] }) {
  const isList = (/** @type {any} */ list, /** @type {string} */ member) =>
    Array.isArray(list) && list.every((item) => typeof item?.[member] === "string");
  return isList(scripts, "src") && scripts.length > 0 && isList(styles, "href") && isList(preload, "href");
}

/** The whole address, or "" where it is on another origin or none at all. @param {string} text */
function sameOriginUrl(text) {
  try {
    const url = new URL(text, text[0] === "/" ? location.href : document.baseURI);
    return url.origin === location.origin ? url.href : "";
  } catch {
    return "";
  }
}

/** @param {string} src @returns {Bundle} */
function createBundle(src, integrity = "", styles = "") {
  const hrefs = styles.split(" ").filter(Boolean);
  return { scripts: [{ src, integrity }], styles: hrefs.map((href) => ({ href })) };
}
