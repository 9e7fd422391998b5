/** The reports of a page view: its exposure, what becomes of its bundle, and its first errors. */
import { isNetworkFailure, isOwnError, isThrownBy } from "../lifecycle/own_files.js";
import { unlessHandled } from "../lifecycle/watchers.js";
import { deviceType } from "../page/context.js";
import { load, save } from "../storage/storage.js";
import { log } from "../util/log.js";
import { tryOrNull } from "../util/safe.js";

const markKey = "canary_run"; // {salt, cohort, user: whether the key was a user id, up: whether a bundle was ever up}
const retryMs = 500; // a page that is being left is gone by then, or knows it
const half = 50_000; // buckets; above, there is no control of the canary's size

const engineOf = (/** @type {string} */ userAgent) =>
  /Chrome\//.test(userAgent)
    ? "chromium"
    : /Gecko\//.test(userAgent)
      ? "gecko"
      : /AppleWebKit\//.test(userAgent)
        ? "webkit"
        : "other";

/** The field `version`: absent where it is unknown, or too odd for a label. @param {string | undefined} version */
const versionOf = (version) => (/^[\w.-]{1,64}$/.test(version ?? "") ? version : undefined);

/**
 * Creates the reports of a page view. Returns nothing where the view sends none.
 *
 * @param {object} view
 * @param {PageState} view.page
 * @param {Decision} view.decision
 * @param {Record<Arm, Bundle>} view.bundles
 * @param {Listen} view.listen
 * @returns {Reports | undefined}
 */
export function createReports({ page, decision: { eligible, cohort, variant, revision }, bundles, listen }) {
  const { answer, settings, startedAt } = page;
  const { telemetry, salt } = answer;
  if (!telemetry || !eligible) return;
  const { endpoint = "/runtime/r", cohorts, horizonSeconds = 60 } = telemetry;
  const url = tryOrNull(() => new URL(endpoint, location.origin));
  if (url?.origin !== location.origin) {
    log("E603 TELEMETRY.endpoint is on another origin; no report is sent");
    return;
  }
  const [nonce = 0n] = crypto.getRandomValues(new BigUint64Array(1));
  url.searchParams.set("n", nonce.toString(16).padStart(16, "0"));
  const horizonMs = horizonSeconds * 1000;
  const decisionMs = Math.round(performance.now() - startedAt);
  // Before the bundle of this view is up, which may be before the exposure.
  const returning = !!load(markKey).up || !!load("canary_good").at;
  const isSilent = cohorts === "balanced" && cohort === "rest";
  /** @type {number | undefined} */
  let exposedAt;
  /** @type {object} */
  let fields;
  let isOver = isSilent; // nothing is sent any more
  let isRefused = false; // keepalive, by the browser
  let isLeft = false; // the page, at least once
  let isSettled = false; // `ready`, `failed` or `left` is sent
  let failure = "";
  /** @type {Parameters<Reports["setOwn"]>[0]} */
  let isOwn = () => false;
  /** @type {Record<string, boolean>} */
  const seen = {}; // errors, by whether they are the bundle's own
  /** @type {[string, object | undefined][]} */
  const early = []; // reports of a page that is not shown yet
  /** @type {SentReport[]} */
  const sent = (page.reports = []);

  /** @type {Reports["send"]} */
  const send = (kind, more) => {
    if (exposedAt === undefined) return void early.push([kind, more]);
    const age = kind === "exposure" ? 0 : Math.round(performance.now() - exposedAt);
    // Vitals are sent when the horizon is over.
    const isLate = age > horizonMs && kind !== "vitals";
    if (isOver || isLate || page.visitor.kind === "anonymous") return;
    const report = { kind, age, ...more, state: "sent" };
    sent.push(report);
    page.updatePanel?.();
    post(report, JSON.stringify({ v: 1, kind, age, ...fields, ...more }), true);
  };

  /** @param {string} fault */
  const end = (fault) => {
    if (!isOver) log(`${fault}; this page view sends no more reports`);
    isOver = true;
  };

  /** @param {SentReport} report @param {string} body @param {boolean} keepalive @returns {Promise<void>} */
  const post = async (report, body, keepalive) => {
    /** @type {RequestInit} */
    const options = { method: "POST", body, keepalive, credentials: "omit", referrerPolicy: "no-referrer" };
    try {
      const { ok, status } = await fetch(url, { ...options, redirect: "error" });
      if (!ok) end(`E603 the collector answered ${status}`);
      if (keepalive) return;
      report.state = "sent without keepalive";
      if (!isRefused) log("E602 the browser refuses keepalive; reports are sent without");
      isRefused = true;
    } catch {
      // All that a page sends with keepalive at a time is limited to 64 KiB. The requests of a page that is being left fail
      // too, though they arrive.
      if (keepalive) await new Promise((resolve) => setTimeout(resolve, retryMs));
      if (isLeft) return;
      if (keepalive) return post(report, body, false);
      report.state = "dropped";
      end("E601 a report could not be sent");
    }
  };

  /** @type {Reports["send"]} */
  const settle = (kind, more) => {
    if (!isSettled) send(kind, more);
    isSettled = true;
  };
  const leave = () => (failure ? settle("failed", { code: failure }) : settle("left"));

  /** Adds an error, of which the first of the bundle and the first other one are reported. */
  const addError = (/** @type {Event} */ event, /** @type {boolean} */ own) =>
    unlessHandled(event, () => {
      if (!seen[`${own}`]) send("error", { own });
      seen[`${own}`] = true;
    });

  const expose = () => {
    fields = { salt, revision: revision ?? undefined, cohort, arm: variant, ...units() };
    exposedAt = performance.now();
    send("exposure", { decisionMs });
    for (const report of early) send(...report);
    if (isSilent) return;
    if (document.hidden) leave();
    const cleanups = [
      ...errorListeners,
      listen("pagehide", () => {
        isLeft = true;
        leave();
      }),
      listen("visibilitychange", () => document.hidden && leave()),
    ];
    setTimeout(() => cleanups.map((cleanup) => cleanup()), horizonMs);
  };

  /** The fields that depend on what this browser remembers, which is brought up to date. */
  function units() {
    const mark = load(markKey);
    const isKnown = mark.salt === salt;
    const user = !!settings.userId;
    const percentage = page.engine?.percentage() ?? 0;
    /** @type {string | undefined} */
    let first = isKnown ? undefined : "run";
    if (isKnown && mark.cohort === "rest" && cohort !== "rest" && percentage <= half) first = "cohort";
    const isMoved = isKnown && mark.cohort !== "rest" && cohort !== "rest" && mark.cohort !== cohort;
    const next = isKnown && cohort === "rest" ? mark : { ...mark, salt, cohort, user };
    // A unit that is not remembered would be one again at the next view.
    if (!percentage || !save(markKey, next)) first = undefined;
    return {
      version: versionOf(bundles[variant].version),
      first,
      both: !!percentage && isMoved && !user && !mark.user,
      returning,
      engine: engineOf(navigator.userAgent),
      device: deviceType(navigator),
    };
  }

  const errorListeners = isSilent
    ? []
    : [
        // A file that does not load fires an event of another type.
        listen("error", (event) => event instanceof ErrorEvent && addError(event, isOwnError(isOwn, event))),
        listen("unhandledrejection", (event) =>
          addError(event, !isNetworkFailure(event.reason) && isThrownBy(isOwn, event.reason)),
        ),
      ];
  page.onStop(() => (isOver = true));
  if (document.prerendering) document.addEventListener("prerenderingchange", expose, { once: true });
  else expose();

  return {
    send,
    setOwn: (test) => (isOwn = test),
    failing: (fault) => (failure ||= fault.slice(0, 4)),
    failed: (fault) => settle("failed", { code: fault.slice(0, 4) }),

    up() {
      const [navigation] = performance.getEntriesByType("navigation");
      const { activationStart = 0 } = /** @type {any} */ (navigation ?? {});
      // A page that was rendered ahead is up when it is shown.
      const readyMs = exposedAt === undefined ? 0 : Math.round(performance.now() - activationStart);
      if (!failure) settle("ready", { readyMs });
      const mark = load(markKey);
      if (!mark.up) save(markKey, { ...mark, up: true });
      if (isOver) return;
      const horizonAt = () => (exposedAt ?? performance.now()) + horizonMs;
      import(new URL(VITALS_JS, import.meta.url).href)
        .then((script) => script.watchVitals(send, listen, horizonAt))
        .catch(() => log(`E201 ${VITALS_JS} could not be loaded; vitals are not reported`));
    },
  };
}
