// The last lines of the console, for the panel, which comes after most of them. The files that are loaded beside and after
// the bundle are bundled one by one, and share them by the page.

const name = Symbol.for("canary-lines");
const most = 20;

/** Whether the address asks for the panel. */
export const isDebugged = () => new URLSearchParams(location.search).has("canary.debug");

/** What was told, `{at, text}` each, `at` in milliseconds since 1970; `changed` is called at each more. */
export const lines = () => (globalThis[name] ??= []);

/** Keeps a line, on pages that the panel is for. */
export function keep(text) {
  if (!globalThis[name] && !isDebugged()) return;
  lines().push({ at: Date.now(), text });
  if (lines().length > most) lines().shift();
  lines().changed?.();
}
