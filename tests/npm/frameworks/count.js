/** Counts renders, for tests of who renders again, and keeps the first value: a page is hydrated with that. */
export function count(name, value) {
  (globalThis.first ??= {})[name] ??= value;
  const renders = (globalThis.renders ??= {});
  renders[name] = (renders[name] ?? 0) + 1;
}
