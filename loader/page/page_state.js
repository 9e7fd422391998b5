/** State of one page view: settings, engine, decision, flags, and the transitions between them. */
import { log } from "../util/log.js";
import { createEvents } from "./events.js";

/**
 * Creates the state of a page view that has just started. Each member is described with its type.
 *
 * @returns {PageState}
 */
export function createPageState() {
  const { on, emit, clear } = createEvents();
  /** @type {((flags: FlagClient) => void)[]} */
  const waiting = [];
  /** @type {(() => void)[] | null} */
  let cleanups = []; // null once the page has stopped the runtime
  /** @type {(decision: Decision) => void} */
  let resolveReady;
  /** @type {(value: void) => void} */
  let resolveStarted;

  const page = /** @type {PageState} */ ({
    on,
    emit,
    // The budget counts from the inline guard's start, where the page has the guard.
    startedAt: /** @type {any} */ (globalThis)[Symbol.for("canary-guard")] ?? performance.now(),
    ready: new Promise((resolve) => (resolveReady = resolve)),
    whenBundleStarted: new Promise((resolve) => (resolveStarted = resolve)),
    engine: null,
    visitor: { targetingKey: "", kind: "anonymous" },
    flags: null,
    flagErrorCode: "PROVIDER_NOT_READY",
    messages: {},
    isStale: false,
    isLastKnownGood: false,

    began(settings, visitorState) {
      page.settings = settings;
      page.visitorState = visitorState;
    },

    engineStarted(engine) {
      page.engine = engine;
      page.visitor = engine.visitor;
    },

    engineDropped() {
      page.engine = null;
    },

    consentWithdrawn() {
      page.visitor = { ...page.visitor, kind: "anonymous" };
    },

    answered(answer) {
      page.answer = answer;
      page.isLastKnownGood = !!answer.isLastKnownGood;
    },

    decided(decision, fault) {
      const { flags, code } = page.answer;
      page.flagErrorCode = flags === false ? "FLAG_NOT_FOUND" : "GENERAL";
      page.isStale = !!(fault ?? code);
      page.decision = decision;
      resolveReady(decision);
      document.dispatchEvent(new CustomEvent("canary:ready", { detail: decision }));
      emit("ready", decision);
      const { variant, cohort, reason, bucket } = decision;
      if (bucket === null || page.visitorState.isFallbackReload) return;
      const expose = () => emit("exposure", { flagKey: null, value: cohort, variant, reason, bucket });
      if (document.prerendering) document.addEventListener("prerenderingchange", expose, { once: true });
      else expose();
    },

    bundleStarted: () => resolveStarted(),

    flagsLoaded(flags) {
      page.flags = flags;
      for (const action of waiting) action(flags);
    },

    withFlags(action) {
      if (page.flags) action(page.flags);
      else waiting.push(action);
    },

    configRefreshed() {
      page.isStale = page.isLastKnownGood = false;
    },

    refreshFailed() {
      page.isStale = true;
    },

    report(fault, consequence, eventType) {
      const code = fault.slice(0, 4);
      const message = page.messages[fault] ?? fault.slice(5);
      log(`${code} ${message}; ${consequence}`);
      if (eventType) emit(eventType, { code, message });
    },

    onStop(cleanup) {
      if (cleanups) cleanups.push(cleanup);
      else cleanup();
    },

    stop() {
      for (const cleanup of cleanups ?? []) cleanup();
      cleanups = null;
      clear();
    },
  });
  return page;
}
