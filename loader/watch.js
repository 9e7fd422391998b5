/* global REFRESH_JS -- the hashed name, set by the build */

/** Asks for the config again when the tab becomes visible, and at the page's interval. Returns what ends it. */
export function watchConfig({ config, refreshSeconds }, view) {
  const refresh = async () => {
    if (document.hidden || !view.decide || !config) return;
    try {
      await (await import(new URL(REFRESH_JS, import.meta.url))).refresh(config, view);
    } catch (fault) {
      // A text is a fault with its code; anything else is the file or the module itself.
      const text = typeof fault === "string" ? fault : "E201 the module for refreshes failed";
      view.fail(text, "the config before it holds", !view.isStale && "stale");
      view.isStale = true;
    }
  };
  document.addEventListener("visibilitychange", refresh);
  const timer = refreshSeconds && setInterval(refresh, refreshSeconds * 1000);
  return () => {
    document.removeEventListener("visibilitychange", refresh);
    clearInterval(timer);
  };
}
