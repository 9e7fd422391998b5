/** The page's own word: the attributes of the script tag, with their defaults. The way to stable stands here alone. */
export function readSettings(tag) {
  const data = tag?.dataset ?? {};
  return {
    config: data.config || "/config/canary.json",
    userId: data.userId || "",
    origins: data.origins || "",
    budgetMs: Number(data.decisionBudget) || 1500,
    refreshSeconds: Number(data.refresh) || 0,
    private: data.consent === "required" || navigator.globalPrivacyControl === true,
    nonce: tag?.nonce ?? "",
    stable: bundle(data.stable || "/stable/main.js", data.stableIntegrity, data.stableStyles),
    canary: bundle(data.canary || "/canary/main.js"),
  };
}

function bundle(src, integrity = "", styles = "") {
  return {
    scripts: [{ src, integrity }],
    styles: styles.split(" ").filter(Boolean).map((href) => ({ href })),
  };
}
