/** The object that a page knows as `canary`. Its methods never throw, and calls that need the flags wait for them. */
import { ensureDeviceId, saveConsent } from "../storage/identity.js";
import { tryOrNull } from "../util/safe.js";

/**
 * Creates the public object of a page view.
 *
 * @param {PageState} page
 * @returns {Canary}
 */
export function createCanary(page) {
  const { ready, on, stop, bundleStarted } = page;
  /** @type {any} */
  const canary = {
    ready,
    on,
    stop,
    started: bundleStarted,

    /** @type {(flagKey: string, defaultValue: any, context?: EvaluationContext) => any} */
    evaluate: (flagKey, defaultValue, context) => page.flags?.evaluate(flagKey, context, defaultValue) ?? defaultValue,

    /** @param {boolean} granted */
    setConsent(granted) {
      const { engine, settings } = page;
      saveConsent(granted === true);
      if (granted !== true) page.consentWithdrawn();
      // The engine makes the ids, and the user's privacy control forbids them.
      else if (engine && !settings.userId && !navigator.globalPrivacyControl) {
        tryOrNull(() => ensureDeviceId(engine.newDeviceId));
      }
    },
  };
  for (const name of /** @type {const} */ (["identify", "setOverride", "clearOverrides"])) {
    canary[name] = (/** @type {[any, any]} */ ...values) => page.withFlags((flags) => flags[name](...values));
  }
  for (const type of ["Boolean", "String", "Number", "Object"]) {
    const wanted = type.toLowerCase();
    const evaluate = (/** @type {string} */ flagKey, /** @type {any} */ defaultValue) =>
      page.flags?.details(wanted, flagKey, defaultValue) ?? {
        flagKey,
        value: defaultValue,
        variant: null,
        reason: "ERROR",
        errorCode: page.flagErrorCode,
        flagMetadata: {},
      };
    canary[`get${type}Details`] = evaluate;
    canary[`get${type}Value`] = (/** @type {string} */ flagKey, /** @type {any} */ defaultValue) =>
      page.flags ? page.flags.value(wanted, flagKey, defaultValue) : defaultValue;
  }
  return canary;
}
