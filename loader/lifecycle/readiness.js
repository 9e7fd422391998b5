/** Readiness of an inserted bundle: waits until it is up, or has failed to start. */
import { setCrashMarker } from "../storage/visitor_state.js";
import { errorText } from "../util/safe.js";

/**
 * Resolves once a bundle is up: its scripts are loaded, none of its files threw, its modules have run to their end, and
 * the page has called `started()` where the config says so. Rejects with a `StartFailure`.
 *
 * @param {object} start
 * @param {Arm} start.variant
 * @param {Bundle} start.bundle
 * @param {Answer} start.answer
 * @param {Promise<void>} start.loaded by the insertion
 * @param {Promise<void>} start.whenBundleStarted by the page
 * @param {Listen} start.listen
 * @returns {Promise<void>}
 */
export function waitUntilUp({ variant, bundle: { scripts }, answer, loaded, whenBundleStarted, listen }) {
  /** @type {(() => unknown)[]} */
  const cleanups = [];
  /** @type {Promise<void>} */
  const up = new Promise((resolve, reject) => {
    const { readyTimeoutMs = 8000, readyWhen } = answer.guard ?? {};
    const urls = scripts.map(({ src }) => new URL(src, document.baseURI).href);
    const isOwn = (/** @type {string} */ text) => urls.some((url) => text.includes(new URL(".", url).href));
    const threw = (/** @type {any} */ error) =>
      reject({ fault: `E403 ${variant} threw while it started: ${errorText(error)}`, hasRun: true });
    cleanups.push(
      listen("error", ({ filename, message }) => filename && isOwn(filename) && threw(message)),
      listen("unhandledrejection", ({ reason }) => {
        if (isOwn(`${errorText(reason)} ${errorText(reason, "stack")}`)) threw(reason);
      }),
    );
    if (variant === "canary") {
      const fault = `E404 the canary was not up within ${readyTimeoutMs} ms`;
      const timer = setTimeout(reject, readyTimeoutMs, { fault, hasRun: true });
      const removeMarker = setCrashMarker(/** @type {string} */ (answer.version), readyTimeoutMs);
      cleanups.push(() => clearTimeout(timer), listen("pagehide", removeMarker), removeMarker);
    }
    const start = async () => {
      await loaded;
      // An import of the same address neither requests nor runs a module again, and waits for its end.
      const modules = urls.filter((_, index) => scripts[index]?.type !== "classic");
      await Promise.all(modules.map((url) => import(url).catch(threw)));
      if (readyWhen === "started") await whenBundleStarted;
    };
    start().then(resolve, reject);
  });
  return up.finally(() => {
    for (const cleanup of cleanups) cleanup();
  });
}
