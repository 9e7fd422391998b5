/** The runtime's object for tests and stories, with values that they set, and configs for tests with the real runtime. */

/**
 * Puts a fake in the place of the page's runtime. It uses nothing outside of this function, so that Playwright can run it in
 * a page.
 *
 * @param {import("./testing.js").FakeSettings} [settings]
 * @returns {import("./testing.js").FakeCanary}
 */
export function installFakeCanary(settings = {}) {
  const key = Symbol.for("canary-runtime");
  const shared = /** @type {any} */ (globalThis);
  const before = shared[key];
  /** @type {Set<[string, (detail: any) => void]>} */
  const listeners = new Set();
  /** @type {Record<string, any>} */
  let flags;
  /** @type {Record<string, any>} */
  let overrides;
  /** @type {import("./canary.js").Decision} */
  let decision;
  /** @type {import("./testing.js").FakeCanary["user"]} */
  let user;

  /** A frozen copy of a value, as the runtime gives it. @param {any} value @returns {any} */
  const freeze = (value) => {
    if (value === null || typeof value !== "object") return value;
    const copy = Array.isArray(value) ? value.map(freeze) : { ...value };
    for (const name of Object.keys(copy)) copy[name] = freeze(copy[name]);
    return Object.freeze(copy);
  };
  /** @param {object} values @param {string} name */
  const has = (values, name) => ({}).hasOwnProperty.call(values, name);
  /** @param {string} name */
  const valueOf = (name) => (has(overrides, name) ? overrides[name] : flags[name]);

  const restart = () => {
    flags = freeze({ ...settings.flags });
    overrides = {};
    user = null;
    decision = freeze({
      variant: "stable",
      cohort: settings.decision?.variant === "canary" ? "canary" : "rest",
      bucket: null,
      reason: "STATIC",
      revision: null,
      eligible: false,
      ...settings.decision,
    });
  };
  restart();

  /** @param {string} type @param {any} detail */
  const emit = (type, detail) => {
    for (const entry of [...listeners]) {
      if (entry[0] === type && listeners.has(entry)) entry[1](detail);
    }
  };

  /** Applies a change, and emits what has changed by it. @param {() => void} apply */
  const change = (apply) => {
    const names = () => Object.keys({ ...flags, ...overrides });
    const old = Object.fromEntries(names().map((name) => [name, JSON.stringify(valueOf(name))]));
    apply();
    const all = [...new Set([...Object.keys(old), ...names()])];
    const flagsChanged = all.filter((name) => old[name] !== JSON.stringify(valueOf(name)));
    if (flagsChanged.length) emit("configurationChanged", { flagsChanged });
  };

  /** @param {string | undefined} type @param {string} flagKey @param {any} defaultValue */
  const details = (type, flagKey, defaultValue) => {
    const value = valueOf(flagKey);
    const override = has(overrides, flagKey);
    const errorCode =
      value === undefined
        ? "FLAG_NOT_FOUND"
        : type && (value === null || typeof value !== type)
          ? "TYPE_MISMATCH"
          : undefined;
    const flagMetadata = override ? { override } : {};
    return errorCode
      ? { flagKey, value: defaultValue, variant: null, reason: "ERROR", errorCode, flagMetadata }
      : { flagKey, value, variant: null, reason: override ? "TARGETING_MATCH" : "STATIC", flagMetadata };
  };

  /** @type {any} */
  const fake = {
    get ready() {
      return Promise.resolve(decision);
    },
    get user() {
      return user;
    },
    /** @param {string} flagKey @param {any} defaultValue */
    evaluate: (flagKey, defaultValue) =>
      details(defaultValue == null ? undefined : typeof defaultValue, flagKey, defaultValue).value,
    /** @param {string | null} [userId] @param {object} [attributes] */
    identify: (userId = null, attributes = {}) => void (user = { userId, attributes }),
    /** @param {string} flagKey @param {any} value */
    setOverride: (flagKey, value) => change(() => (overrides = { ...overrides, [flagKey]: freeze(value) })),
    clearOverrides: () => change(() => (overrides = {})),
    setConsent() {},
    started() {},
    stop: () => listeners.clear(),
    /** @param {string} type @param {(detail: any) => void} listener */
    on(type, listener) {
      /** @type {[string, (detail: any) => void]} */
      const entry = [type, listener];
      listeners.add(entry);
      if (type === "ready") queueMicrotask(() => listeners.has(entry) && listener(decision));
      return () => void listeners.delete(entry);
    },

    emit,
    /** @param {object} values */
    setFlags: (values) => change(() => (flags = freeze({ ...flags, ...values }))),
    /** @param {object} values */
    setDecision(values) {
      decision = freeze({ ...decision, ...values });
      emit("ready", decision);
    },
    reset() {
      change(restart);
      emit("ready", decision);
    },
    uninstall() {
      listeners.clear();
      if (shared[key] === fake) shared[key] = before;
    },
  };
  for (const type of ["Boolean", "String", "Number", "Object"]) {
    const wanted = type.toLowerCase();
    fake[`get${type}Details`] = (/** @type {[string, any]} */ ...args) => details(wanted, ...args);
    fake[`get${type}Value`] = (/** @type {[string, any]} */ ...args) => details(wanted, ...args).value;
  }
  shared[key] = fake;
  return fake;
}

/** @param {Record<string, any>} [flags] */
export const testConfig = (flags = {}) => ({
  CANARY_PERCENTAGE: 0,
  FEATURE_FLAGS: Object.fromEntries(
    Object.entries(flags).map(([key, value]) => [key, { rules: [{ if: {}, serve: value }], default: value }]),
  ),
});
