/** Triggers of a config refresh: the tab becomes visible, the page comes back from the back/forward cache, a timer. */
import { loadDeviceId } from "../storage/identity.js";
import { log } from "../util/log.js";

/**
 * Refreshes the config at each trigger. Returns what ends that.
 *
 * @param {PageState} page
 */
export function watchRefreshTriggers(page) {
  const { config, refreshSeconds, userId } = page.settings;
  let isIdLost = false;
  let isBusy = false; // a page that comes back fires two triggers
  const refresh = async () => {
    if (isBusy || document.hidden || !page.engine || !config) return;
    isBusy = true;
    if (!isIdLost && !userId && page.visitor.targetingKey && !loadDeviceId()) {
      isIdLost = true;
      log("I305 this browser's storage was cleared; the page goes on as it is");
    }
    try {
      const script = await import(new URL(REFRESH_JS, import.meta.url).href);
      await script.refresh(page);
    } catch (fault) {
      // Faults are texts; anything else is an error of the script or its engine.
      const text = typeof fault === "string" ? fault : "E201 the module for refreshes failed";
      page.report(text, "the config before it holds", page.isStale ? undefined : "stale");
      page.refreshFailed();
    }
    isBusy = false;
  };
  const onPageShow = (/** @type {PageTransitionEvent} */ { persisted }) => {
    if (!persisted) return;
    log("I413 the page is back from the browser's memory; it is not counted again");
    refresh();
  };
  document.addEventListener("visibilitychange", refresh);
  addEventListener("pageshow", onPageShow);
  const timer = refreshSeconds ? setInterval(refresh, refreshSeconds * 1000) : undefined;
  return () => {
    document.removeEventListener("visibilitychange", refresh);
    removeEventListener("pageshow", onPageShow);
    clearInterval(timer);
  };
}
