/** Provider for OpenFeature's web SDK over the page's runtime. It needs no code of the SDK. */
import { canary } from "./client.js";

/** @import { ClientProviderEvents, EvaluationContext as SdkContext, JsonValue, Logger, Provider, ProviderEventEmitter } from "@openfeature/web-sdk" */

/** @typedef {(details?: any) => unknown} Handler */

// The SDK's names of events are enums, which would be code of the SDK.
const sdkEvents = /** @type {Record<"ready" | "error" | "stale" | "configurationChanged", any>} */ ({
  ready: "PROVIDER_READY",
  error: "PROVIDER_ERROR",
  stale: "PROVIDER_STALE",
  configurationChanged: "PROVIDER_CONFIGURATION_CHANGED",
});

/** @implements {Provider} */
export class CanaryProvider {
  /** @type {{ readonly name: "canary-runtime" }} */
  metadata = { name: "canary-runtime" };
  runsOn = /** @type {const} */ ("client");
  events = /** @type {ProviderEventEmitter<ClientProviderEvents>} */ (/** @type {unknown} */ (new Emitter()));
  #isWell = true; // as far as the SDK knows
  #isIdentifying = false;
  /** @type {(() => void)[]} */
  #cleanups = [];

  /** Rejects without a usable config: the SDK has the status ERROR then, until a refresh finds one. @param {SdkContext} [context] */
  async initialize(context = {}) {
    if (Object.keys(context).length) this.#identify(context);
    const { reason, errorCode } = await canary.ready;
    const isWell = reason !== "ERROR" || errorCode === "TARGETING_KEY_MISSING";
    this.#isWell = isWell;
    this.#cleanups = [
      canary.on("stale", ({ code, message }) => this.#fail(sdkEvents.stale, `${code} ${message}`)),
      // Earlier faults are emitted as well; the SDK gets them by the rejection below.
      canary.on("error", ({ code, message }) => this.#isWell && this.#fail(sdkEvents.error, `${code} ${message}`)),
      canary.on("configurationChanged", ({ flagsChanged }) => this.#change(flagsChanged)),
    ];
    if (!isWell) throw new Error(`no usable config: ${errorCode}`);
  }

  /** @param {SdkContext} _ @param {SdkContext} context */
  onContextChange(_, context) {
    this.#identify(context);
  }

  async onClose() {
    for (const cleanup of this.#cleanups) cleanup();
  }

  /** @param {string} flagKey @param {boolean} defaultValue */
  resolveBooleanEvaluation(flagKey, defaultValue) {
    return toResolution(canary.getBooleanDetails(flagKey, defaultValue));
  }

  /** @param {string} flagKey @param {string} defaultValue */
  resolveStringEvaluation(flagKey, defaultValue) {
    return toResolution(canary.getStringDetails(flagKey, defaultValue));
  }

  /** @param {string} flagKey @param {number} defaultValue */
  resolveNumberEvaluation(flagKey, defaultValue) {
    return toResolution(canary.getNumberDetails(flagKey, defaultValue));
  }

  /** @template {JsonValue} T @param {string} flagKey @param {T} defaultValue */
  resolveObjectEvaluation(flagKey, defaultValue) {
    return toResolution(canary.getObjectDetails(flagKey, /** @type {any} */ (defaultValue)));
  }

  /** Identifies without an event, because the SDK emits one of its own. @param {SdkContext} context */
  #identify({ targetingKey, ...attributes }) {
    this.#isIdentifying = true;
    canary.identify(targetingKey, attributes);
    this.#isIdentifying = false;
  }

  /** @param {string[]} flagsChanged */
  #change(flagsChanged) {
    if (this.#isIdentifying) return;
    if (!this.#isWell) this.events.emit(sdkEvents.ready);
    this.#isWell = true;
    if (flagsChanged.length) this.events.emit(sdkEvents.configurationChanged, { flagsChanged });
  }

  /** @param {any} event @param {string} message */
  #fail(event, message) {
    this.#isWell = false;
    this.events.emit(event, { message });
  }
}

/** @param {import("./canary.js").EvaluationDetails<any>} details @returns {any} */
const toResolution = ({ value, variant, reason, errorCode, flagMetadata }) => ({
  value,
  variant: variant ?? undefined,
  reason,
  errorCode,
  flagMetadata,
});

/** The SDK's event emitter, as far as the SDK uses that of a provider. */
class Emitter {
  /** @type {Map<string, Handler[]>} */
  #handlers = new Map();
  /** @type {Pick<Logger, "error">} */
  #logger = console;

  /** @param {string} type @param {unknown} details */
  emit(type, details) {
    for (const handler of this.getHandlers(type)) {
      (async () => handler(details))().catch((error) => this.#logger.error("a handler failed", error));
    }
  }

  /** @param {string} type @param {Handler} handler */
  addHandler(type, handler) {
    this.#handlers.set(type, [...this.getHandlers(type), handler]);
  }

  /** @param {string} type @param {Handler} handler */
  removeHandler(type, handler) {
    const others = this.getHandlers(type).filter((other) => other !== handler);
    this.#handlers.set(type, others);
  }

  /** @param {string} [type] */
  removeAllHandlers(type) {
    if (type) this.#handlers.delete(type);
    else this.#handlers.clear();
  }

  /** @param {string} type */
  getHandlers(type) {
    return this.#handlers.get(type) ?? [];
  }

  /** @param {Logger} logger */
  setLogger(logger) {
    this.#logger = logger;
    return this;
  }
}
