import { tell } from "../util/log.js";
import { findId } from "../storage/identity.js";

/* global REFRESH_JS -- the hashed name, set by the build */

/**
 * Asks for the config again when the tab becomes visible or comes back from the browser's memory, and at the page's
 * interval. Returns what ends it.
 */
export function watchConfig({ config, refreshSeconds, userId }, view) {
  let isLost = false;
  let isBusy = false; // a page that comes back is told of it twice
  const refresh = async () => {
    if (isBusy || document.hidden || !view.decide || !config) return;
    isBusy = true;
    if (!isLost && !userId && view.user.targetingKey && !findId()) {
      isLost = true;
      tell("I305 this browser's storage was cleared; the page goes on as it is");
    }
    try {
      await (await import(new URL(REFRESH_JS, import.meta.url))).refresh(config, view);
    } catch (fault) {
      // A text is a fault with its code; anything else is the file or the module itself.
      const text = typeof fault === "string" ? fault : "E201 the module for refreshes failed";
      view.fail(text, "the config before it holds", !view.isStale && "stale");
      view.isStale = true;
    }
    isBusy = false;
  };
  const restore = ({ persisted }) => {
    if (!persisted) return;
    tell("I413 the page is back from the browser's memory; it is not counted again");
    refresh();
  };
  document.addEventListener("visibilitychange", refresh);
  addEventListener("pageshow", restore);
  const timer = refreshSeconds && setInterval(refresh, refreshSeconds * 1000);
  return () => {
    document.removeEventListener("visibilitychange", refresh);
    removeEventListener("pageshow", restore);
    clearInterval(timer);
  };
}
