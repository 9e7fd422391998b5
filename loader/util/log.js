/** Console lines of the runtime, and a buffer of the last ones for the panel. */

// The scripts of the runtime are bundled one by one, so they share the buffer by the page.
const bufferKey = /* @__PURE__ */ Symbol.for("canary-lines");
const maxLines = 20;

/**
 * Logs one line for one fault. Codes that begin with I are for information, and go to `console.debug`.
 *
 * @param {string} text
 */
export function log(text) {
  // No panel is there to read what canary.js itself logs, and its bytes delay the bundle.
  if (HAS_LOG_BUFFER) bufferLine(text);
  console[text[0] === "I" ? "debug" : "warn"](`[canary] ${text}`);
}

/** Codes that wait for the lifecycle script, which has their messages. @type {string[]} */
export const pendingCodes = [];

/** Whether the page's address asks for the panel. */
export const hasDebugQuery = () => new URLSearchParams(location.search).has("canary.debug");

/** The last lines, oldest first. @returns {LogBuffer} */
export function logBuffer() {
  const shared = /** @type {any} */ (globalThis);
  return (shared[bufferKey] ??= { lines: [] });
}

/**
 * Adds a line to the buffer, on pages that ask for the panel.
 *
 * @param {string} text
 */
export function bufferLine(text) {
  if (!(bufferKey in globalThis) && !hasDebugQuery()) return;
  const { lines, onChange } = logBuffer();
  lines.push({ at: Date.now(), text });
  if (lines.length > maxLines) lines.shift();
  onChange?.();
}
