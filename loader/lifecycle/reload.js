/** A reload of the page that sends no form again. */
import { load, save } from "../storage/storage.js";
import { tryOrNull } from "../util/safe.js";

/** Whether the server says that it has answered a POST. Another page at this address may not exist. */
export const isAnswerToPost = () =>
  tryOrNull(() => {
    const [page] = /** @type {PerformanceNavigationTiming[]} */ (performance.getEntriesByType("navigation"));
    return page?.serverTiming.some(({ name }) => name === "post");
  });

/**
 * Loads the page again with a GET. `location.reload()` would repeat a POST. The address is without its fragment, because with
 * it there would be no request.
 */
export function reloadPage() {
  const [address] = location.href.split("#");
  location.replace(/** @type {string} */ (address));
}

/** Puts the fragment back that the page had before a reload. */
export function restoreFragment() {
  const { hash, ...reload } = load("canary_reload", "sessionStorage");
  if (!hash) return;
  save("canary_reload", reload, "sessionStorage");
  if (/^#/.test(hash) && !location.hash) tryOrNull(() => history.replaceState(history.state, "", hash));
}
