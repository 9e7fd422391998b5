/** The request for the config, with a size limit and a check for old replies of a service worker. */
import { load } from "../storage/storage.js";
import { fetchPreloaded } from "../util/request.js";
import { tryOrNull } from "../util/safe.js";

const maxBytes = 1_048_576; // decoded; a ConfigMap holds no more
const freshMs = 600_000; // an older reply comes from a service worker's cache

/**
 * Fetches the config. Throws a fault.
 *
 * @param {string} url
 * @param {AbortSignal} signal
 * @returns {Promise<ConfigReply>}
 */
export async function fetchConfig(url, signal) {
  if (!url) throw "E102 data-config is no address on this origin";
  try {
    const address = bypassServiceWorker(url);
    let reply = await fetchPreloaded(address, { signal });
    // Where caches may keep the config, a config that came from one could be older than the last use of the kill switch.
    if (!/no-store/i.test(reply.headers.get("cache-control") ?? "")) {
      reply.body?.cancel().catch(() => {});
      reply = await fetch(address, { cache: "no-store", signal });
    }
    if (!reply.ok) throw `E101 ${url} answered ${reply.status}`;
    const { headers, body } = reply;
    const date = Date.parse(/** @type {string} */ (headers.get("date")));
    rejectOldReply(url, date);
    return { bytes: await readAll(body, url), at: Date.now(), now: date + Number(headers.get("age")) * 1000 };
  } catch (fault) {
    throw typeof fault === "string" ? fault : `E102 ${url} could not be read`;
  }
}

/**
 * Counts the bytes while they arrive, so that a compression bomb stops at the limit.
 *
 * @param {ReadableStream<Uint8Array<ArrayBuffer>> | null} body
 * @param {string} url
 */
async function readAll(body, url) {
  const chunks = [];
  let size = 0;
  for (const reader = /** @type {NonNullable<typeof body>} */ (body).getReader(); ;) {
    const { done, value } = await reader.read();
    if (done) return new Uint8Array(await new Blob(chunks).arrayBuffer());
    chunks.push(value);
    size += value.length;
    if (size > maxBytes) {
      reader.cancel();
      throw `E106 ${url} is larger than 1 MiB`;
    }
  }
}

// A page can neither bypass a service worker that controls it nor keep it from caching.
const isControlled = () => tryOrNull(() => navigator.serviceWorker.controller);

/** An address that no service worker has cached a reply for. @param {string} url */
export const bypassServiceWorker = (url) =>
  isControlled() ? `${url}${url.includes("?") ? "&" : "?"}${Math.random()}` : url;

/**
 * Throws a fault where a service worker controls the page and the reply is much older than the newest one that this browser has
 * seen. Compares times of the server alone, as the user's clock may be wrong.
 *
 * @param {string} url
 * @param {number} date of the reply, in milliseconds since 1970, or NaN
 */
export function rejectOldReply(url, date) {
  if (!isControlled()) return;
  const { now: newest, at } = load("canary_good");
  if (newest + Date.now() - at - date > freshMs) throw `E412 ${url} is an old answer, of a service worker`;
}
