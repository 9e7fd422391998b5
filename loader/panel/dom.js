/**
 * An element of the panel. Functions are listeners, names with a hyphen attributes, the rest properties. Children that are
 * texts stay texts: nothing here takes markup, so that neither a config nor an address can bring any.
 */
export function el(tag, properties = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (typeof value === "function") node.addEventListener(name, value);
    else if (/-|role/.test(name)) node.setAttribute(name, value);
    else node[name] = value;
  }
  node.append(...children);
  return node;
}

/** A list of facts: `{name: text}`, without those that have none. */
export const facts = (entries) =>
  Object.entries(entries)
    .filter(([, text]) => text != null)
    .map(([name, text]) => el("div", {}, el("dt", {}, name), el("dd", {}, String(text))));

export const section = (title, ...children) => el("section", {}, el("h2", {}, title), ...children);

export const grouped = (number) => number.toLocaleString("en");
