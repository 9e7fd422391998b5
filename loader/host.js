/** What the module asks the browser for, because its tables are not ours to carry. */
const compiled = new Map();

/** Whether a portable pattern matches. */
export function matches(pattern, text, ignoreCase) {
  const flags = ignoreCase ? "iu" : "u";
  const key = flags + pattern;
  try {
    if (!compiled.has(key)) compiled.set(key, new RegExp(pattern, flags));
    return compiled.get(key).test(text);
  } catch {
    return false;
  }
}

/** Whether two texts are the same but for case. */
export const equalsFolded = (a, b) => a.toLowerCase() === b.toLowerCase();

export const number = Number;
export const writeNumber = (value, out) => new TextEncoder().encodeInto(value, out).written;
