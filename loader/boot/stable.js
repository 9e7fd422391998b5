/** The shortest way to the stable bundle, without the lifecycle script, and the error page where that fails too. */
import { log } from "../util/log.js";
import { tryOrNull } from "../util/safe.js";

/** Creates an element. A form of that name hides the document's own method. @param {string} tag @returns {any} */
const createElement = (tag) => Document.prototype.createElement.call(document, tag);

/**
 * Appends an element to the head.
 *
 * @param {string} nonce
 * @returns {Append}
 */
export const createAppend = (nonce) => (tag, properties) => {
  const node = createElement(tag);
  Object.assign(node, { nonce, crossOrigin: "anonymous", ...properties });
  // A stylesheet or a classic script of another origin, or its preload, needs CORS for its integrity only. All are of another
  // origin for a page in a sandbox.
  const { href, src = href, integrity, rel = "", type } = /** @type {any} */ (node);
  const isPlain = !integrity && /^$|^stylesheet|^preload/.test(rel) && type === "";
  if (isPlain && !src.startsWith(origin)) node.removeAttribute("crossorigin");
  // A script that has run is inert, or it would run once more where a prerenderer saves the page, beside another bundle.
  if (tag === "script") node.addEventListener("load", () => (node.type = "canary"), { once: true });
  document.head.append(node);
  return node;
};

/** Calls a listener of an event of the page that is over. @param {string} type @param {any} listener */
function callLate(type, listener) {
  const { domContentLoadedEventStart, domComplete, loadEventStart } = performance.timing;
  /** @type {Record<string, number>} */
  const times = {
    DOMContentLoaded: domContentLoadedEventStart,
    readystatechange: domComplete,
    load: loadEventStart,
  };
  // A target of its own calls functions and objects, and reports what they throw.
  const target = new EventTarget();
  target.addEventListener(type, listener);
  if (times[type]) setTimeout(() => target.dispatchEvent(new Event(type)));
}

/**
 * Inserts the stable bundle. A script of the page would have been in time for its events, so a listener that is late is called.
 *
 * @param {Bundle} bundle
 * @param {Append} append
 */
export function insertStable({ scripts, styles = [] }, append) {
  document.documentElement.dataset.canaryVariant = "stable";
  for (const target of [document, window]) {
    target.addEventListener = (/** @type {[string, any]} */ ...args) => {
      EventTarget.prototype.addEventListener.apply(target, args);
      callLate(...args);
    };
  }
  let handler = window.onload;
  for (const { href } of styles) append("link", { rel: "stylesheet", href });
  for (const { src, type, integrity = "" } of scripts) {
    const url = new URL(src, document.baseURI).href;
    const onerror = ({ filename = "" } = {}) => {
      onload();
      const isBlank = !document.body.innerText.trim();
      if (isBlank) showErrorPage();
      // An error in a page that shows something is the page's own matter.
      if (isBlank || !filename) log(`E501 ${src} ${filename ? "threw" : "did not load"}`);
    };
    const onthrow = (/** @type {ErrorEvent} */ error) => error.filename === url && onerror(error);
    const onload = () => {
      removeEventListener("error", onthrow);
      if (window.onload !== handler) callLate("load", (handler = window.onload));
    };
    addEventListener("error", onthrow);
    const properties = { type: type === "classic" ? "" : "module", async: false, integrity, onload, onerror, src };
    // Trusted Types block a plain address in a script, but not in an import.
    if (!tryOrNull(() => append("script", properties))) import(url).then(onload, onerror);
  }
}

/** Shows that the page could not be loaded, with a button to try again. */
export function showErrorPage() {
  const button = createElement("button");
  button.textContent = "Try again";
  button.onclick = () => location.replace(location.href.split("#")[0] ?? "");
  document.body.append("This page could not be loaded. ", button);
}
