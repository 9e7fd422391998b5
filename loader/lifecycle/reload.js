/** A reload of the page that sends no form again. */
import { tryOrNull } from "../util/safe.js";

/** Whether the server says that it has answered a POST. Another page at this address may not exist. */
export const isAnswerToPost = () =>
  tryOrNull(() => {
    const [page] = /** @type {PerformanceNavigationTiming[]} */ (performance.getEntriesByType("navigation"));
    return page?.serverTiming.some(({ name }) => name === "post");
  });

/** Loads the page again with a GET. `location.reload()` would repeat a POST. The fragment comes back at the next boot. */
export function reloadPage() {
  const [address] = location.href.split("#");
  location.replace(/** @type {string} */ (address));
}
