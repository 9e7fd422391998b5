import { tell } from "./console.js";
import { encode } from "./encode.js";

/** One page view's state: the module's instance, the decision, the listeners, the flags that were asked for. */
export class View {
  startedAt = performance.now();
  runtime = null;
  decision = null;
  #resolve;
  ready = new Promise((resolve) => (this.#resolve = resolve));
  #listeners = {};
  #asked = new Set();
  #stops = [];

  /** Hands a config to the module: `{decision, bundle?, fault?, notices}`. */
  decide(bytes, now) {
    return this.#enter((runtime) => runtime.decide(bytes, now));
  }

  decided(decision) {
    this.decision = decision;
    this.#resolve(decision);
    document.dispatchEvent(new CustomEvent("canary:ready", { detail: decision }));
  }

  details(flagKey, defaultValue) {
    const { value = defaultValue, reason, errorCode } = this.#flag(flagKey);
    return { flagKey, value, variant: null, reason, errorCode, flagMetadata: {} };
  }

  /** What the flags that the page asked for are now; a flag that has its default is absent. */
  values() {
    return new Map([...this.#asked].map((key) => [key, this.#flag(key).value]));
  }

  on(type, listener) {
    const listeners = (this.#listeners[type] ??= new Set());
    listeners.add(listener);
    return () => listeners.delete(listener);
  }

  emit(type, detail) {
    for (const listener of this.#listeners[type] ?? []) {
      try {
        listener(detail);
      } catch (error) {
        reportError(error); // the listener's own fault, as if it had come from an event
      }
    }
  }

  /** Remembers what ends something, or ends it now where the page has stopped already. */
  onStop(stop) {
    if (this.#stops) this.#stops.push(stop);
    else stop();
  }

  stop() {
    for (const stop of this.#stops ?? []) stop();
    this.#stops = null;
    this.#listeners = {};
  }

  #flag(key) {
    if (!this.decision) return { reason: "ERROR", errorCode: "PROVIDER_NOT_READY" };
    this.#asked.add(key);
    try {
      if (this.runtime) return this.#enter((runtime) => runtime.flag(encode(key)));
    } catch (fault) {
      tell(`${fault}; flags have their defaults`);
    }
    return { reason: "ERROR", errorCode: "GENERAL" };
  }

  /** A module that trapped is dropped and not entered again. */
  #enter(call) {
    try {
      return JSON.parse(call(this.runtime));
    } catch {
      this.runtime = null;
      throw "E205 the module failed";
    }
  }
}
