/** Readiness of an inserted bundle: waits until it is up, or has failed to start. */
import { setCrashMarker } from "../storage/visitor_state.js";
import { errorText } from "../util/safe.js";
import { isNetworkFailure, isOwnError, isThrownBy } from "./own_files.js";
import { unlessHandled } from "./watchers.js";

/** Whether the browser has got a file. @param {string} url */
const hasArrived = (url) =>
  performance.getEntriesByName(url).some((entry) => /** @type {PerformanceResourceTiming} */ (entry).responseEnd > 0);

/**
 * Resolves once a bundle is up: its scripts are loaded, none of its files threw, its modules have run to their end, and
 * the page has called `started()` where the config says so. Rejects with a `StartFailure`.
 *
 * @param {object} start
 * @param {Arm} start.variant
 * @param {Bundle} start.bundle
 * @param {Answer} start.answer
 * @param {number} start.arrivalMs in which the files should arrive
 * @param {(text: string) => boolean} start.isOwn whether a text names a file of the bundle
 * @param {Promise<void>} start.loaded by the insertion
 * @param {Promise<void>} start.whenBundleStarted by the page
 * @param {Listen} start.listen
 * @returns {Promise<void>}
 */
export function waitUntilUp({
  variant,
  bundle: { scripts },
  answer,
  arrivalMs,
  isOwn,
  loaded,
  whenBundleStarted,
  listen,
}) {
  /** @type {(() => unknown)[]} */
  const cleanups = [];
  /** @type {Promise<void>} */
  const up = new Promise((resolve, reject) => {
    // Stable may be older than the config, and is up once it is loaded.
    const { readyTimeoutMs = 8000, readyWhen } = (variant === "canary" && answer.guard) || {};
    const urls = scripts.map(({ src }) => new URL(src, document.baseURI).href);
    const threw = (/** @type {any} */ error) =>
      reject({ fault: `E403 ${variant} threw while it started: ${errorText(error)}`, hasRun: true });
    /** Errors that the bundle may be handling. @type {Promise<void>[]} */
    const pending = [];
    cleanups.push(
      listen("error", (event) => {
        if (isOwnError(isOwn, event)) pending.push(unlessHandled(event, () => threw(event.message)));
      }),
      listen("canary:failed", ({ detail }) => threw(detail)),
      listen("unhandledrejection", (event) => {
        const { reason } = event;
        if (!isNetworkFailure(reason) && isThrownBy(isOwn, reason)) {
          pending.push(unlessHandled(event, () => threw(reason)));
        }
      }),
    );
    if (variant === "canary") {
      const fault = `E404 the canary was not up within ${readyTimeoutMs} ms`;
      // A slow line is not the canary's fault, so its time begins when its files have arrived.
      const begin = performance.now();
      let arrived = 0;
      const timer = setInterval(() => {
        const now = performance.now();
        if (!arrived && (now - begin > arrivalMs || urls.every(hasArrived))) arrived = now;
        if (arrived && now - arrived > readyTimeoutMs) reject({ fault, hasRun: true });
      }, 50);
      const removeMarker = setCrashMarker(/** @type {string} */ (answer.version), arrivalMs + readyTimeoutMs);
      cleanups.push(() => clearInterval(timer), listen("pagehide", removeMarker), removeMarker);
    }
    const start = async () => {
      await loaded;
      // An import of the same address neither requests nor runs a module again, and waits for its end.
      const modules = urls.filter((_, index) => scripts[index]?.type !== "classic");
      await Promise.all(modules.map((url) => import(url).catch(threw)));
      // WebKit resolves the import of a module that has thrown.
      await Promise.all(pending);
      if (readyWhen === "started") await whenBundleStarted;
    };
    start().then(resolve, reject);
  });
  return up.finally(() => {
    for (const cleanup of cleanups) cleanup();
  });
}
