/** The page's runtime as a provider for OpenFeature's web SDK, of which it needs no code. */
import { canary } from "./client.js";

const events = { configurationChanged: "PROVIDER_CONFIGURATION_CHANGED", error: "PROVIDER_ERROR", stale: "PROVIDER_STALE" };

export class CanaryProvider {
  metadata = { name: "canary-runtime" };
  runsOn = "client";
  events = new Emitter();
  #isWell = true; // as the SDK has been told
  #isIdentifying = false;
  #leave = [];

  /** Rejects where there is no usable config: the SDK then has the status ERROR, until a refresh finds one. */
  async initialize(context = {}) {
    if (Object.keys(context).length) this.#identify(context);
    const { reason, errorCode } = await canary.ready;
    const isWell = reason !== "ERROR" || errorCode === "TARGETING_KEY_MISSING";
    this.#isWell = isWell;
    this.#leave = [
      canary.on("stale", ({ code, message }) => this.#fail(events.stale, `${code} ${message}`)),
      // What came before is told as well, and is what the SDK hears of below.
      canary.on("error", ({ code, message }) => this.#isWell && this.#fail(events.error, `${code} ${message}`)),
      canary.on("configurationChanged", ({ flagsChanged }) => this.#change(flagsChanged)),
    ];
    if (!isWell) throw new Error(`no usable config: ${errorCode}`);
  }

  onContextChange(_, context) {
    this.#identify(context);
  }

  async onClose() {
    for (const leave of this.#leave) leave();
  }

  resolveBooleanEvaluation(flagKey, defaultValue) {
    return resolution(canary.getBooleanDetails(flagKey, defaultValue));
  }

  resolveStringEvaluation(flagKey, defaultValue) {
    return resolution(canary.getStringDetails(flagKey, defaultValue));
  }

  resolveNumberEvaluation(flagKey, defaultValue) {
    return resolution(canary.getNumberDetails(flagKey, defaultValue));
  }

  resolveObjectEvaluation(flagKey, defaultValue) {
    return resolution(canary.getObjectDetails(flagKey, defaultValue));
  }

  /** The SDK tells of a changed context by an event of its own. */
  #identify({ targetingKey, ...attributes }) {
    this.#isIdentifying = true;
    canary.identify(targetingKey, attributes);
    this.#isIdentifying = false;
  }

  #change(flagsChanged) {
    if (this.#isIdentifying) return;
    if (!this.#isWell) this.events.emit("PROVIDER_READY");
    this.#isWell = true;
    if (flagsChanged.length) this.events.emit(events.configurationChanged, { flagsChanged });
  }

  #fail(event, message) {
    this.#isWell = false;
    this.events.emit(event, { message });
  }
}

const resolution = ({ value, variant, reason, errorCode, flagMetadata }) => ({
  value,
  variant: variant ?? undefined,
  reason,
  errorCode,
  flagMetadata,
});

/** The SDK's emitter, as far as it is asked of a provider. */
class Emitter {
  #handlers = new Map();
  #logger = console;

  emit(type, details) {
    for (const handler of this.getHandlers(type)) {
      (async () => handler(details))().catch((error) => this.#logger.error("a handler failed", error));
    }
  }

  addHandler(type, handler) {
    this.#handlers.set(type, [...this.getHandlers(type), handler]);
  }

  removeHandler(type, handler) {
    this.#handlers.set(type, this.getHandlers(type).filter((other) => other !== handler));
  }

  removeAllHandlers(type) {
    if (type) this.#handlers.delete(type);
    else this.#handlers.clear();
  }

  getHandlers(type) {
    return this.#handlers.get(type) ?? [];
  }

  setLogger(logger) {
    this.#logger = logger;
    return this;
  }
}
