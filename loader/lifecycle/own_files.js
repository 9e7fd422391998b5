/** The files of a bundle: those that it lists, and those in the folders of its scripts that the other bundle does not list. */
import { errorText, tryOrNull } from "../util/safe.js";

const address = /(?:https?|file|[a-z-]+-extension):\/\/[^\s()'"]+?(?=(?::\d+)*(?:[\s()'"]|$))/g;
// How browsers say that a request failed, as of a beacon that an ad blocker stops.
const networkFailure = /failed to fetch(?! dynamically)|networkerror|load failed/i;

/**
 * Returns the test whether a text names a file of a bundle. The page, inline scripts and other origins are none.
 *
 * @param {Bundle} bundle
 * @param {Bundle} other
 * @returns {(text: string) => boolean}
 */
export function createOwnTest(bundle, other) {
  const [own, foreign] = [bundle, other].map(addressesOf);
  const folders = bundle.scripts.map(({ src }) => absolute(".", absolute(src))).filter((url) => url && !isRoot(url));
  const isOwn = (/** @type {string} */ url) =>
    own?.includes(url) || (!foreign?.includes(url) && folders.some((folder) => url.startsWith(folder)));
  return (text) => addressesIn(text).some(isOwn);
}

/**
 * Whether an error event is that of a file of the bundle. Chromium gives its notice about a `ResizeObserver`, which is no error,
 * the file that runs at the time.
 *
 * @param {(text: string) => boolean} isOwn
 * @param {Partial<ErrorEvent>} event
 */
export const isOwnError = (isOwn, { filename = "", message = "" }) =>
  isOwn(filename) && !message.startsWith("ResizeObserver loop");

/** The addresses in a text. @param {string} text @returns {string[]} */
export const addressesIn = (text) => text.match(address) ?? [];

/**
 * Whether a file of the bundle has thrown something. WebKit does not say where some errors come from.
 *
 * @param {(text: string) => boolean} isOwn
 * @param {any} reason
 */
export function isThrownBy(isOwn, reason) {
  const trace = `${errorText(reason)} ${errorText(reason, "stack")}`;
  return isOwn(trace) || (reason instanceof Error && !addressesIn(trace).length);
}

/** @param {Bundle} bundle */
const addressesOf = ({ scripts, styles = [], preload = [] }) =>
  [...scripts.map(({ src }) => src), ...[...styles, ...preload].map(({ href }) => href)].map((url) => absolute(url));

/** Whether all of an origin is below an address. @param {string} url */
const isRoot = (url) => new URL(url).pathname === "/";

/** The whole address; empty where it is none. @param {string} url */
const absolute = (url, base = document.baseURI) => tryOrNull(() => new URL(url, base).href) ?? "";

/** Whether a request failed, which a script may not care about. @param {any} reason */
export const isNetworkFailure = (reason) => reason instanceof TypeError && networkFailure.test(errorText(reason));
