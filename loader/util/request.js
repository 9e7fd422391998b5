/** Requests for what a page preloads. */

/**
 * Fetches an address as a preload without `crossorigin` does. All browsers use the preload for such a request, and WebKit for
 * no other. The answer of another origin could not be read without CORS; a sandboxed frame has an origin of its own.
 *
 * @param {string} url
 * @param {RequestInit} [options]
 */
export const fetchPreloaded = (url, options) =>
  fetch(url, {
    ...(new URL(url, location.href).origin === origin && { mode: "no-cors", credentials: "include" }),
    ...options,
  });

/**
 * Fetches a file of the runtime, which has to be the one that `canary.js` was built with. Throws a code.
 *
 * @param {string} url
 * @param {string} sha256 of the file, in base64
 */
export async function fetchFile(url, sha256) {
  const reply = await fetchPreloaded(url).catch(() => null);
  const file = reply?.ok && (await reply.arrayBuffer().catch(() => null));
  if (!file) throw "E201";
  // Browsers have it for https and localhost alone. A request with an integrity would not use the page's preload.
  const digest = await globalThis.crypto?.subtle?.digest("SHA-256", file);
  if (digest && btoa(String.fromCharCode(...new Uint8Array(digest))) !== sha256) throw "E202";
  return file;
}
