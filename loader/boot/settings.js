import { tell } from "../util/log.js";
import { isObject } from "../page/context.js";
import { findConsent } from "../storage/identity.js";

/** The page's own word: the attributes of the script tag, with their defaults. The way to stable stands here alone. */
export function readSettings(tag) {
  const data = tag?.dataset ?? {};
  const number = (name, least, most, fallback) => {
    const text = tag?.getAttribute(name) ?? fallback;
    if (text === fallback || (text >= least && text <= most)) return Number(text);
    tell(`I118 ${name}: expected ${least} to ${most}; it is ignored`);
    return fallback;
  };
  const consent = findConsent();
  const block = document.querySelector("script[data-canary-stable]")?.textContent;
  return {
    config: ownAddress(data.config || "/config/canary.json"),
    userId: data.userId || "",
    origins: data.origins || "",
    attributes: readJson(data.attributes, isObject, "data-attributes: expected a JSON object"),
    budgetMs: number("data-decision-budget", 1, 60000, 1500),
    holdMs: number("data-hold", 0, 86400, 180) * 1000,
    refreshSeconds: number("data-refresh", 1, 86400, 0),
    root: data.root || "body",
    // A switch for privacy that is misspelt is on.
    private: navigator.globalPrivacyControl === true || consent === "no" || ("consent" in data && consent !== "yes"),
    nonce: tag?.nonce ?? "",
    stable:
      readJson(block, isBundle, "data-canary-stable: expected a bundle") ??
      bundle(data.stable || "/stable/main.js", data.stableIntegrity, data.stableStyles),
    canary: bundle(data.canary || "/canary/main.js"),
  };
}

function readJson(text, isSound, expected) {
  if (!text) return;
  try {
    const value = JSON.parse(text);
    if (isSound(value)) return value;
  } catch {
    // Said below, as for any other text that is not what was expected.
  }
  tell(`I118 ${expected}; it is ignored`);
}

function isBundle({ scripts, styles = [], preload = [] }) {
  const isList = (list, address) => Array.isArray(list) && list.every((item) => typeof item?.[address] === "string");
  return isList(scripts, "src") && scripts.length > 0 && isList(styles, "href") && isList(preload, "href");
}

/** The whole address, or nothing where it is none on this origin. */
function ownAddress(text) {
  try {
    const url = new URL(text, document.baseURI);
    return url.origin === location.origin ? url.href : "";
  } catch {
    return "";
  }
}

function bundle(src, integrity = "", styles = "") {
  return {
    scripts: [{ src, integrity }],
    styles: styles.split(" ").filter(Boolean).map((href) => ({ href })),
  };
}
