import { tell } from "./console.js";

/** The page's own word: the attributes of the script tag, with their defaults. The way to stable stands here alone. */
export function readSettings(tag) {
  const data = tag?.dataset ?? {};
  const number = (name, least, most, fallback) => {
    const text = tag?.getAttribute(name) ?? fallback;
    if (text === fallback || (text >= least && text <= most)) return Number(text);
    tell(`I118 ${name}: expected ${least} to ${most}; it is ignored`);
    return fallback;
  };
  return {
    config: ownAddress(data.config || "/config/canary.json"),
    userId: data.userId || "",
    origins: data.origins || "",
    budgetMs: number("data-decision-budget", 1, 60000, 1500),
    refreshSeconds: number("data-refresh", 1, 86400, 0),
    // A switch for privacy that is misspelt is on.
    private: "consent" in data || navigator.globalPrivacyControl === true,
    nonce: tag?.nonce ?? "",
    stable: bundle(data.stable || "/stable/main.js", data.stableIntegrity, data.stableStyles),
    canary: bundle(data.canary || "/canary/main.js"),
  };
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
