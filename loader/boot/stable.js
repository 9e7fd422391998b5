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
  // A stylesheet or a classic script of another origin, or its preload, needs CORS for its integrity only.
  const { href, src = href, integrity, rel = "", type } = /** @type {any} */ (node);
  const isPlain = !integrity && /^$|^stylesheet|^preload/.test(rel) && type === "";
  if (isPlain && !src.startsWith(location.origin)) node.removeAttribute("crossorigin");
  document.head.append(node);
  return node;
};

/**
 * Inserts the stable bundle.
 *
 * @param {Bundle} bundle
 * @param {Append} append
 */
export function insertStable({ scripts, styles = [] }, append) {
  document.documentElement.dataset.canaryVariant = "stable";
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
    const onload = () => removeEventListener("error", onthrow);
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
