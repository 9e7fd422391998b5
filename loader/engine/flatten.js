/** JSON values as flat lists of numbers and text, the form in which the engine takes them. */
import { maxDepth } from "./config_tree.js";

const encoder = /* @__PURE__ */ new TextEncoder();
const kinds = { number: 3, string: 4 };

// The lists are made anew where they are too short, and kept from call to call.
let nodes = /* @__PURE__ */ new Uint32Array(1024);
let text = /* @__PURE__ */ new Uint8Array(4096);
const double = /* @__PURE__ */ new Float64Array(1);
const halves = /* @__PURE__ */ new Uint32Array(double.buffer);

/**
 * Flattens values, as `JSON.stringify` would write them. What JSON cannot hold throws.
 *
 * A node is four numbers: kind, distance to the next node that is not inside this one, and the range of a string in the text
 * or the halves of a number's bits. The lists are valid until the next call.
 *
 * @param {unknown[]} roots
 * @param {boolean} [isFrozen] whether to freeze the values
 * @returns {{ nodes: Uint32Array, text: Uint8Array, values: any[] }} the values by node
 */
export function flatten(roots, isFrozen) {
  /** @type {any[]} */
  const values = [];
  let length = 0;

  /** @param {any} given @param {number} depth */
  const visit = (given, depth) => {
    // Arrays have no such method but where a library adds a wrong one.
    const value = typeof given?.toJSON === "function" && !Array.isArray(given) ? given.toJSON() : given;
    const index = values.push(value) - 1;
    const at = index * 4;
    if (at + 4 > nodes.length) nodes = grow(nodes, at + 4);
    let [kind, from, to] = [value === true ? 2 : value === false ? 1 : 0, 0, 0];
    if (typeof value === "string") {
      kind = kinds.string;
      from = length;
      if (text.length < length + value.length * 3) text = grow(text, length + value.length * 3);
      to = length += encoder.encodeInto(value, text.subarray(length)).written;
    } else if (Number.isFinite(value)) {
      kind = kinds.number;
      double[0] = value;
      [from, to] = /** @type {any} */ (halves);
    } else if (typeof value === "bigint") {
      throw value;
    } else if (typeof value === "object" && value) {
      if (depth === maxDepth) throw depth;
      const isArray = Array.isArray(value);
      kind = isArray ? 5 : 6;
      for (const key of Object.keys(value)) {
        const member = value[key];
        if (!isArray) {
          if (member === undefined || typeof member === "function" || typeof member === "symbol") continue;
          visit(key, depth);
        }
        visit(member, depth + 1);
      }
      if (isFrozen) Object.freeze(value);
    }
    nodes[at] = kind;
    nodes[at + 1] = values.length - index;
    nodes[at + 2] = from;
    nodes[at + 3] = to;
  };
  for (const root of roots) visit(root, 0);
  return { nodes: nodes.subarray(0, values.length * 4), text: text.subarray(0, length), values };
}

/**
 * A longer list that begins like another one.
 *
 * @template {Uint32Array | Uint8Array} T
 * @param {T} list
 * @param {number} length
 */
function grow(list, length) {
  const longer = new /** @type {any} */ (list.constructor)(length * 2);
  longer.set(list);
  return /** @type {T} */ (longer);
}
