/** JSON values as JavaScript compares them, with no way to a prototype or to a method that the value brings along. */

export const isObject = (value) => typeof value === "object" && value !== null && !Array.isArray(value);

/** `value + ""` */
export function toText(value) {
  if (Array.isArray(value)) return value.map((element) => (element === null ? "" : toText(element))).join(",");
  return isObject(value) ? "[object Object]" : String(value);
}

const toPrimitive = (value) => (typeof value === "object" && value !== null ? toText(value) : value);

/** `value * 1` */
export const toNumber = (value) => Number(toPrimitive(value));

/** Both sides for `<` and its kin: two texts, or numbers. */
export const comparable = (left, right) => [toPrimitive(left), toPrimitive(right)];

/** Deep equality; members count in their written order. */
export const isSame = (left, right) => JSON.stringify(left) === JSON.stringify(right);

/** The value at a dotted path, null where a part of it is missing. */
export function valueAt(root, path) {
  return path.split(".").reduce((value, part) => {
    const walkable = isObject(value) || (Array.isArray(value) && part !== "length");
    return walkable && Object.hasOwn(value, part) ? value[part] : null;
  }, root);
}

/** A version as a text that sorts like it: numbers padded, a release behind its pre-releases ("~" is ASCII's last). */
export function versionText(value) {
  const text = typeof value === "number" ? String(value) : value;
  const version = typeof text === "string" && text !== "" ? text : "0";
  const parts = version.replace(/(^v|\+.*$)/g, "").split(/[-.]/);
  if (parts.length === 3) parts.push("~");
  return parts.map((part) => (/^[0-9]+$/.test(part) ? part.padStart(5, " ") : part)).join("-");
}

export function typeName(value) {
  if (value === null) return "null";
  return Array.isArray(value) ? "array" : typeof value;
}

/** `some` and `every` for tests that are promises; the first that settles it ends it. */
export async function some(list, test) {
  for (const element of list) if (await test(element)) return true;
  return false;
}

export const every = async (list, test) => !(await some(list, async (element) => !(await test(element))));
