/** Watchers of a bundle that is up: for a page that becomes blank, and for chunks that are gone. */
import { errorText } from "../util/safe.js";

const watchMs = 10_000; // a canary can turn out to be dead for so long
const drawMs = 2000; // a blank page may be about to draw

/**
 * Whether a reader sees nothing in an element: no text, image or form control, and no element that draws by itself.
 *
 * @param {HTMLElement} root
 */
export function isBlank(root) {
  const content = "img,svg,canvas,video,iframe,input,button,select,textarea";
  // A custom element that is not defined, such as the root of an app, draws nothing.
  const isCustom = (/** @type {Element} */ node) => node.localName.includes("-") && node.matches(":defined");
  const draws = (/** @type {Element} */ node) =>
    (node.matches(content) || isCustom(node)) && node.getClientRects().length;
  return !root.innerText.trim() && ![...root.querySelectorAll("*")].some(draws);
}

/**
 * Calls `onBlank` where the page stays blank after an error that nobody caught. Returns what ends the watch.
 *
 * @param {object} watch
 * @param {Listen} watch.listen
 * @param {() => boolean} watch.isTouched
 * @param {() => boolean} watch.isBlankNow
 * @param {() => void} watch.onBlank
 */
export function watchBlank({ listen, isTouched, isBlankNow, onBlank }) {
  /** @type {ReturnType<typeof setInterval> | undefined} */
  let poll;
  /** @type {number | undefined} */
  let blankSince;
  const check = () => {
    if (isTouched()) end();
    else if (!isBlankNow()) blankSince = undefined;
    else if (performance.now() - (blankSince ??= performance.now()) > drawMs) {
      end();
      onBlank();
    }
  };
  const startPolling = () => (poll ??= setInterval(check, 100));
  const cleanups = [
    // Events of elements, such as an image that is missing, are no errors of the code.
    listen("error", (event) => event instanceof ErrorEvent && startPolling()),
    listen("unhandledrejection", startPolling),
  ];
  const timer = setTimeout(() => end(), watchMs);
  function end() {
    for (const cleanup of cleanups) cleanup();
    clearInterval(poll);
    clearTimeout(timer);
  }
  return end;
}

const chunkError = /dynamically imported module|importing a module script|chunkloaderror|loading chunk/i;

/**
 * Calls `onLost`, once, where the app asks for a chunk that is gone, as after a roll-back or a deployment.
 *
 * @param {Listen} listen
 * @param {(message: string) => void} onLost
 */
export function watchChunkErrors(listen, onLost) {
  const report = (/** @type {any} */ error) => {
    for (const cleanup of cleanups) cleanup();
    onLost(`a part of the app is gone: ${errorText(error)}`);
  };
  const cleanups = [
    listen("vite:preloadError", ({ payload }) => report(payload)),
    listen("unhandledrejection", ({ reason }) => {
      if (chunkError.test(`${errorText(reason, "name")} ${errorText(reason)}`)) report(reason);
    }),
  ];
}
