/** The lifecycle of a page's bundle: its insertion, its probation, and what follows from a failure. */
import { showErrorPage } from "../boot/stable.js";
import { decode } from "../host.js";
import { crawlers } from "../page/context.js";
import { createReports } from "../reports/page_reports.js";
import { load, save, useApp } from "../storage/storage.js";
import { hasJustReloaded, recordReload } from "../storage/visitor_state.js";
import { log, pendingCodes as ownCodes } from "../util/log.js";
import { errorText, tryOrNull } from "../util/safe.js";
import { watchRefreshTriggers } from "../refresh/triggers.js";
import { reportFindings } from "./findings.js";
import { diagnoseLoadError, insertBundle } from "./insert.js";
import { catchLateListeners } from "./late_listeners.js";
import { messages } from "./messages.js";
import { createOwnTest } from "./own_files.js";
import { openPanelIfAsked } from "./panel_opener.js";
import { waitUntilUp } from "./readiness.js";
import { isAnswerToPost, reloadPage, restoreFragment } from "./reload.js";
import { transition } from "./state_machine.js";
import { isBlank, watchBlank, watchChunkErrors, watchFirstDraw } from "./watchers.js";

export { decideByLastKnownGood } from "./last_known_good.js";

const leaveMs = 1000; // a page that is being left is gone after so long
const drawMs = 2000; // a script that threw may draw within so long
const maxConfigBytes = 65_536; // a larger config is not saved
const dayMs = 86_400_000; // a server that is further ahead had a wrong clock

const wait = (/** @type {number} */ milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds));

/** The consequence of a fault, by the state that follows. @type {Record<string, string>} */
const consequences = {
  stable: "stable loads",
  reloading_to_stable: "the page loads again, with stable",
  reloading: "the page loads again",
  running: "it is left to the page",
  failed: "an error page is shown",
};

const logFault = (/** @type {string} */ fault, /** @type {string} */ state) => log(`${fault}; ${consequences[state]}`);

/**
 * Logs the codes that canary.js has no messages for, and what is special about this page view.
 *
 * @param {Decision} decision
 * @param {string[]} pendingCodes
 */
function logPending(decision, pendingCodes) {
  for (const code of pendingCodes) log(`${code} ${messages[code]}`);
  if (decision.reason === "DISABLED" && decision.bucket !== null) log("I120 CANARY_PERCENTAGE is 0; stable loads");
  if (crawlers.test(navigator.userAgent)) log("I415 a crawler; stable loads");
  else if (navigator.webdriver) log("I415 automation; the page is counted only where the config says so");
  if (document.prerendering) log("I414 rendered ahead; the page is counted when it is shown");
}

/**
 * Creates the lifecycle of this page's bundle, which begins with the first event that is sent.
 *
 * @type {LifecycleScript["createLifecycle"]}
 */
export function createLifecycle({ page, decision, bundles, pendingCodes, append }) {
  const { answer, settings, visitorState } = page;
  let state = "deciding";
  /** @type {Arm} */
  let variant; // of the bundle that was inserted last
  let isTouched = false; // by the user, in an app that is on the screen
  let isQuarantineStored = true;
  let removeBundle = () => {};

  useApp(settings.config);
  restoreFragment();
  page.messages = messages;
  page.reportFindings = (reply, answer) => reportFindings(page, reply, answer);
  logPending(decision, [...pendingCodes, ...ownCodes]);
  page.reportFindings(answer.reply, answer);
  page.onStop(watchRefreshTriggers(page));
  openPanelIfAsked(page);

  const isBlankNow = () =>
    isBlank(tryOrNull(() => document.documentElement.querySelector(settings.root)) ?? document.body);

  /** @type {Listen} */
  const listen = (type, listener) => {
    addEventListener(type, listener, true);
    const cleanup = () => removeEventListener(type, listener, true);
    page.onStop(cleanup);
    return cleanup;
  };
  for (const type of ["pointerdown", "keydown", "input"]) {
    listen(type, ({ isTrusted }) => (isTouched ||= isTrusted && !isBlankNow()));
  }

  const reports = createReports({ page, decision, bundles, listen });

  /** @type {Lifecycle["send"]} */
  const send = (event, facts) => {
    const step = transition(state, event, facts) ?? [];
    state = step[step.length - 1] ?? state;
    for (const action of step) actions[action]?.();
    return state;
  };

  /** @type {Record<string, () => void>} */
  const actions = {
    canary: () => start("canary"),
    stable: () => start("stable"),
    reloading_to_stable: () => reload(true),
    reloading: () => reload(false),
    failed: showErrorPage,
    quarantine() {
      isQuarantineStored = visitorState.quarantine(/** @type {string} */ (answer.version));
    },
    save_config: saveConfig,
  };

  /** Saves the config as the last known good one, if this bundle is what it decided. */
  function saveConfig() {
    const { bytes, now = NaN, at } = answer.reply ?? {};
    const isHealthy = !answer.isLastKnownGood && variant === decision.variant && page.visitor.kind !== "anonymous";
    if (!isHealthy || !bytes || bytes.length > maxConfigBytes) return;
    // The server's time is known best by its newest answer; a service worker may have answered with an older one.
    const kept = load("canary_good");
    const newest = now <= kept.now && now > kept.now - dayMs ? { at: kept.at, now: kept.now } : { at, now };
    const isSaved = save("canary_good", { ...newest, text: decode(bytes) });
    if (!isSaved && !pendingCodes.includes("E302")) {
      log("E302 this browser's storage takes no config; this page goes on");
    }
  }

  /**
   * Reloads the page, unless this version has just done so, or the reload cannot be recorded.
   *
   * @param {boolean} isFallback
   */
  function reload(isFallback) {
    const version = /** @type {string} */ (variant === "canary" ? answer.version : settings.stable.scripts[0]?.src);
    const canRecord = isQuarantineStored && !settings.private;
    const isTooSoon = canRecord && hasJustReloaded(version);
    const isRefused = isTooSoon || isAnswerToPost();
    if (canRecord && !isRefused && recordReload(version, isFallback)) {
      setTimeout(reloadPage); // after the fault is logged
      return;
    }
    if (!isRefused) log("E410 cannot record the reload; the page is not loaded again");
    send("reload_refused");
  }

  /**
   * Inserts a bundle in the place of the one before, and sends what becomes of its start.
   *
   * @param {Arm} name
   */
  async function start(name) {
    variant = name;
    let isLeaving = false;
    const cleanups = ["beforeunload", "pagehide"].map((type) => listen(type, () => (isLeaving = true)));
    removeBundle();
    const bundle = bundles[name];
    const isOwn = createOwnTest(bundle, bundles[name === "canary" ? "stable" : "canary"]);
    const lateListeners = catchLateListeners();
    cleanups.push(lateListeners.stop);
    reports?.setOwn(isOwn);
    const { loaded, remove } = insertBundle(bundle, name, append);
    removeBundle = remove;
    try {
      const { whenBundleStarted } = page;
      const { arrivalMs } = settings;
      const run = loaded.then(lateListeners.call);
      await waitUntilUp({ variant, bundle, answer, arrivalMs, isOwn, loaded: run, whenBundleStarted, listen });
      if (name === "canary") {
        const watch = { listen, isOwn, isTouched: () => isTouched, isBlankNow, onBlank };
        page.onStop(watchBlank(watch));
        const { readyTimeoutMs: ms = 8000 } = answer.guard ?? {};
        if (settings.root !== "body") page.onStop(watchFirstDraw({ ...watch, ms }));
        listen("canary:failed", ({ detail }) => onGaveUp(detail));
      } else if (decision.variant === "canary") page.emit("fallback", decision);
      watchChunkErrors(listen, isOwn, onChunkLost);
      send("up");
      reports?.up();
    } catch (error) {
      const { fault = "E401 a script's address is none", ...failure } = /** @type {Partial<StartFailure>} */ (error);
      // Leaving a page cuts off what it still loads. A page that is still there later has failed all the same.
      if (isLeaving) await wait(leaveMs);
      await (name === "canary" ? onCanaryFailed : onStableFailed)({ fault, ...failure });
    } finally {
      for (const cleanup of cleanups) cleanup();
    }
  }

  /** @param {StartFailure} failure */
  async function onCanaryFailed({ fault, address, hasRun }) {
    reports?.failing(fault);
    const next = send("start_failed", { hasRun, isTouched });
    if (next === "running") page.emit("fallback", decision);
    if (fault.startsWith("E702")) return reports?.failed(fault); // logged already
    // A page that is about to reload has no time for a request.
    const isOpen = next !== "reloading_to_stable" && fault.startsWith("E401");
    const cause = isOpen ? await diagnoseLoadError(fault, /** @type {string} */ (address), bundles.canary) : fault;
    reports?.failed(cause);
    logFault(cause, next);
  }

  /** @param {StartFailure} failure */
  async function onStableFailed({ fault, address }) {
    reports?.failing(fault);
    // Code that threw, and scripts beside one that did not load, may draw all the same.
    await wait(drawMs);
    const next = send("start_failed", { isBlank: isBlankNow() });
    // An error in a page that shows something is the page's own matter.
    const isShown = !address && next !== "failed";
    if (!isShown) logFault(`E501 ${fault.slice(5)}`, next);
    reports?.failed(isShown ? fault : "E501");
  }

  function onBlank() {
    logFault("E406 the canary left nothing on the screen", send("crashed"));
  }

  /** Handles a failure that the canary reports itself, as its error boundary does. @param {unknown} error */
  function onGaveUp(error) {
    if (state !== "probation") return;
    const next = send("gave_up", { isTouched });
    if (next === "running") page.emit("fallback", decision);
    logFault(`E406 the canary reports that it failed: ${errorText(error)}`, next);
  }

  /** @param {string} message */
  async function onChunkLost(message) {
    await wait(leaveMs); // leaving a page cuts off its chunks
    // In a page that is blank there is nothing to lose.
    const next = send("chunk_lost", { isTouched: isTouched && !isBlankNow() });
    logFault(`E409 ${message}`, next);
    if (next === "running") page.emit("stale", { code: "E409", message });
  }

  return { send };
}
