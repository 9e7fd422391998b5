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
