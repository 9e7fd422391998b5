// Elements without markup in strings: the page's policy forbids it.

const SVG = "http://www.w3.org/2000/svg";

/** Makes an element; `null` children and attributes are left out. */
function make(node, attributes, children) {
  for (const [name, value] of Object.entries(attributes ?? {})) {
    if (value !== null && value !== undefined) node.setAttribute(name, value);
  }
  node.append(...children.flat(Infinity).filter((child) => child !== null && child !== undefined));
  return node;
}

/** An element of HTML. */
export const html = (tag, attributes, ...children) => make(document.createElement(tag), attributes, children);

/** An element of SVG. */
export const svg = (tag, attributes, ...children) => make(document.createElementNS(SVG, tag), attributes, children);

/** A table; the first cell of a row is its head. A row is a list of cells, or `{ mark, cells }`. */
export function table(caption, head, rows) {
  const body = rows.map((row) => {
    const cells = row.cells ?? row;
    const more = cells
      .slice(1)
      .map((cell) => html("td", { class: cell?.text ? "text" : null }, cell?.text ?? `${cell}`));
    return html("tr", { "data-mark": row.mark }, html("th", { scope: "row" }, `${cells[0]}`), ...more);
  });
  const heads = head.map((cell) => html("th", { scope: "col", class: cell.text ? "text" : null }, cell.text ?? cell));
  return html(
    "div",
    { class: "table", tabindex: "0", role: "group", "aria-label": caption },
    html("table", {}, html("thead", {}, html("tr", {}, heads)), html("tbody", {}, body)),
  );
}

/** A list of terms; a term without a value is left out. */
export function terms(pairs) {
  const shown = pairs.filter(([, value]) => value !== null && value !== undefined && value !== "");
  return html(
    "dl",
    {},
    shown.flatMap(([term, value]) => [html("dt", {}, term), html("dd", {}, value)]),
  );
}
