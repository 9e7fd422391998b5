/** The files of a bundle: those that it lists, and those in the folders of its scripts that the other bundle does not list. */
import { errorText } from "../util/safe.js";

const address = /(?:https?|file|[a-z-]+-extension):\/\/[^\s()'"]+?\.[cm]?[jt]sx?(?:\?[^\s:()'"]*)?(?=[:\s()'"]|$)/g;
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
  const folders = bundle.scripts
    .map(({ src }) => new URL(".", absolute(src)))
    .filter(({ pathname }) => pathname !== "/");
  const isOwn = (/** @type {string} */ url) =>
    own?.includes(url) || (!foreign?.includes(url) && folders.some(({ href }) => url.startsWith(href)));
  return (text) => addressesIn(text).some(isOwn);
}

/** The addresses of scripts in a text. @param {string} text @returns {string[]} */
export const addressesIn = (text) => text.match(address) ?? [];

/** @param {Bundle} bundle */
const addressesOf = ({ scripts, styles = [], preload = [] }) =>
  [...scripts.map(({ src }) => src), ...[...styles, ...preload].map(({ href }) => href)].map(absolute);

/** @param {string} url */
const absolute = (url) => new URL(url, document.baseURI).href;

/** The message and the stack of what was thrown. @param {any} reason */
export const traceOf = (reason) => `${errorText(reason)} ${errorText(reason, "stack")}`;

/** Whether a request failed, which a script may not care about. @param {any} reason */
export const isNetworkFailure = (reason) => reason instanceof TypeError && networkFailure.test(errorText(reason));
