/** The config as the browser parses it, with the checks that `JSON.parse` does not make. */

const decoder = /* @__PURE__ */ new TextDecoder("utf-8", { fatal: true });
export const maxDepth = 64;

/**
 * Parses a config. Throws a code: a page, no JSON, nested too deep, a key that is there twice.
 *
 * @param {Uint8Array} bytes
 * @returns {any}
 */
export function parseConfig(bytes) {
  /** @type {any} */
  let tree;
  let text = "";
  let keys = 0;
  try {
    text = decoder.decode(bytes);
    if (/^[ \t\n\f\r]*</.test(text)) throw "E104";
    tree = JSON.parse(text);
  } catch (error) {
    // Some browsers run out of stack in a deep text.
    throw error === "E104" ? error : error instanceof RangeError ? "E107" : "E105";
  }
  /** @param {any} value @param {number} depth */
  const check = (value, depth) => {
    // JSON.parse reads 1e999 as Infinity.
    if (typeof value === "number" && !Number.isFinite(value)) throw "E105";
    if (typeof value !== "object" || !value) return;
    if (depth === maxDepth) throw "E107";
    const values = Object.values(value);
    if (!Array.isArray(value)) keys += values.length;
    for (const item of values) check(item, depth + 1);
  };
  check(tree, 0);
  // JSON.parse keeps the last of two equal keys, so that the text has more keys than the tree.
  const strings = text.match(/"[^"\\]*(?:\\.[^"\\]*)*"\s*:?/g) ?? [];
  if (strings.filter((string) => string.endsWith(":")).length > keys) throw "E108";
  return tree;
}
