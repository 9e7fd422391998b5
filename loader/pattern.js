const most = 256; // more patterns than any sane config has; refreshes may bring new ones for days
const compiled = new Map();

/** Whether `text` has what `pattern` describes. A pattern that this browser cannot read matches nothing. */
export function matches(pattern, text, ignoreCase) {
  const key = ignoreCase + pattern;
  try {
    if (compiled.size >= most) compiled.clear();
    if (!compiled.has(key)) compiled.set(key, new RegExp(pattern, ignoreCase ? "iu" : "u"));
    return compiled.get(key).test(text);
  } catch {
    return false;
  }
}
