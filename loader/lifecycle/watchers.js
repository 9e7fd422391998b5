/** Watchers of a bundle that is up: for a page that becomes blank, and for chunks that are gone. */
import { errorText } from "../util/safe.js";
import { addressesIn, isNetworkFailure, isOwnError } from "./own_files.js";

const watchMs = 10_000; // a canary can turn out to be dead for so long
const drawMs = 2000; // a blank page may be about to draw

/**
 * Runs an action once all listeners had an event, unless one of them has prevented its default.
 *
 * @param {Event} event
 * @param {() => void} action
 * @returns {Promise<void>} settled by then
 */
export const unlessHandled = (event, action) =>
  new Promise((resolve) => setTimeout(() => resolve(event.defaultPrevented ? undefined : action())));

/**
 * Whether a reader sees nothing in an element: no text, image or form control, and no element that draws by itself.
 *
 * @param {HTMLElement} root
 */
export function isBlank(root) {
  // An app may hide its page until it is complete.
  if (root.innerText.trim() || getComputedStyle(root).visibility === "hidden") return false;
  const content =
    "img,svg,canvas,video,audio,iframe,object,embed,input,button,select,textarea,progress,meter,[data-canary-pending]";
  // A custom element that is not defined, such as the root of an app, draws nothing.
  const isCustom = (/** @type {Element} */ node) => node.localName.includes("-") && node.matches(":defined");
  const draws = (/** @type {Element} */ node) =>
    node.shadowRoot
      ? hasContent(node.shadowRoot)
      : (node.matches(content) || isCustom(node) || hasImage(node)) && node.getClientRects().length > 0;
  // A gradient is no image.
  const hasImage = (/** @type {Element} */ node) => getComputedStyle(node).backgroundImage.includes("url(");
  const hasContent = (/** @type {ParentNode} */ part) =>
    [...part.children].some((node) => /** @type {HTMLElement} */ (node).innerText?.trim()) ||
    [...part.querySelectorAll("*")].some(draws);
  return !(root.shadowRoot && hasContent(root.shadowRoot)) && ![...root.querySelectorAll("*")].some(draws);
}

/**
 * Calls `onBlank` where the page stays blank after an error that nobody caught. Returns what ends the watch.
 *
 * @param {object} watch
 * @param {Listen} watch.listen
 * @param {(text: string) => boolean} watch.isOwn whether a text names a file of the bundle
 * @param {() => boolean} watch.isTouched
 * @param {() => boolean} watch.isBlankNow
 * @param {() => void} watch.onBlank
 */
export function watchBlank({ listen, isOwn, isTouched, isBlankNow, onBlank }) {
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
    listen("error", (event) => isOwnError(isOwn, event) && unlessHandled(event, startPolling)),
    listen("unhandledrejection", (event) => {
      const { reason } = event;
      // WebKit does not say where some rejections come from, but most messages say what could not be loaded.
      const isForeign = addressesIn(errorText(reason)).some((url) => !isOwn(url));
      if (!isForeign && !isNetworkFailure(reason)) unlessHandled(event, startPolling);
    }),
  ];
  const timer = setTimeout(() => end(), watchMs);
  function end() {
    for (const cleanup of cleanups) cleanup();
    clearInterval(poll);
    clearTimeout(timer);
  }
  return end;
}

/**
 * Calls `onBlank` where the app's element stays blank for so long, as where the app has caught its own error.
 *
 * @param {object} watch
 * @param {number} watch.ms
 * @param {() => boolean} watch.isTouched
 * @param {() => boolean} watch.isBlankNow
 * @param {() => void} watch.onBlank
 */
export function watchFirstDraw({ ms, isTouched, isBlankNow, onBlank }) {
  const poll = setInterval(() => (isTouched() || !isBlankNow()) && end(), 100);
  const timer = setTimeout(() => {
    end();
    // An app may wait with drawing until somebody looks.
    if (!isTouched() && isBlankNow() && !document.hidden) onBlank();
  }, ms);
  function end() {
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
 * @param {(text: string) => boolean} isOwn whether a text names a file of the bundle
 * @param {(message: string) => void} onLost
 */
export function watchChunkErrors(listen, isOwn, onLost) {
  const report = (/** @type {Event} */ event, /** @type {any} */ error) =>
    unlessHandled(event, () => {
      for (const cleanup of cleanups) cleanup();
      onLost(`a part of the app is gone: ${errorText(error)}`);
    });
  const check = (/** @type {Event} */ event, /** @type {any} */ error) => {
    const message = errorText(error);
    const isChunk = chunkError.test(`${errorText(error, "name")} ${message}`);
    // WebKit does not say which file it is.
    if (isChunk && (isOwn(message) || !addressesIn(message).length)) report(event, error);
  };
  const cleanups = [
    listen("vite:preloadError", (event) => report(event, event.payload)),
    listen("unhandledrejection", (event) => check(event, event.reason)),
    // An error boundary throws it as an error.
    listen("error", (event) => event.error && check(event, event.error)),
  ];
}
