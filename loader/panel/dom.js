/** Elements of the panel. Nothing here takes markup, so neither a config nor an address can bring any. */

/**
 * Creates an element. Functions become listeners, names with a hyphen and `role` attributes, the rest properties.
 *
 * @param {string} tag
 * @param {Record<string, any>} [properties]
 * @param {(Node | string)[]} children
 * @returns {any}
 */
export function el(tag, properties = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (typeof value === "function") node.addEventListener(name, value);
    else if (/-|role/.test(name)) node.setAttribute(name, value);
    else /** @type {any} */ (node)[name] = value;
  }
  node.append(...children);
  return node;
}

/** Terms and their descriptions, without those that have none. @param {Record<string, any>} entries */
export const descriptions = (entries) =>
  Object.entries(entries)
    .filter(([, text]) => text != null)
    .map(([term, text]) => el("div", {}, el("dt", {}, term), el("dd", {}, String(text))));

/** @param {string} title @param {(Node | string)[]} children @returns {HTMLElement} */
export const section = (title, ...children) => el("section", {}, el("h2", {}, title), ...children);

/** @param {number} number */
export const formatNumber = (number) => number.toLocaleString("en");
