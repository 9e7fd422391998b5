import { apologise } from "./stable.js";
import { attempt } from "../util/safe.js";
import { notes, tell } from "../util/log.js";
import { decide, without } from "./decision.js";
import { createHistory } from "../storage/visitor_state.js";
import { erase } from "../storage/identity.js";

/* global FLAGS_JS, TRIAL_JS -- the hashed names, set by the build */

/**
 * All that comes before the bundle: a decision, or the end of the budget, and the parts that stand beside it. What
 * follows is the trial's, and sequence.js has the order of it. `view` is the surface's state.
 */
export async function boot(settings, view) {
  const { stable, budgetMs } = settings;
  if (settings.private) erase();
  view.history = createHistory(settings);
  let timers;
  const end = new Promise((_, reject) => {
    const left = budgetMs - performance.now() + view.startedAt;
    // Early enough to be there at the end, where the last good config may want it.
    timers = [setTimeout(loadTrial, left / 2), setTimeout(reject, left, `E103 no decision within ${budgetMs} ms`)];
  });
  end.catch(() => {}); // who waits for it says so
  let createTrial;

  const answer = (view.answer = await decide(settings, view, end));
  const { dataset } = document.documentElement;
  const isTaken = dataset.canaryVariant; // by the guard, which was quicker and has said so
  if (isTaken) Object.assign(answer, without());
  const wanted = answer.decision.variant;
  const bundles = { canary: answer.bundle ?? settings.canary, stable };

  // What comes next is asked for already, so that the parts beside it take no time of their own.
  for (const { src, integrity = "" } of isTaken ? [] : bundles[wanted].scripts) {
    append("link", { rel: "preload", as: "script", integrity, href: src });
  }
  const flags = answer.flags && startFlags();
  const late = await Promise.race([loadTrial(), end]).catch((late) => late);
  // No canary without a trial; stable can do without.
  if (!createTrial && wanted === "canary") Object.assign(answer, without(late));
  if (flags) {
    await Promise.race([flags, end]).catch((late) => {
      answer.decision.eligible = false;
      if (!answer.fault) view.fail(late, "flags have their defaults", "error");
    });
  }
  timers.map(clearTimeout);
  const trial = createTrial?.({ settings, view, bundles, notes, append });
  view.missing = answer.flags === false ? "FLAG_NOT_FOUND" : "GENERAL";
  view.isStale = !!(answer.fault ?? answer.code);
  // Counted already, before the fallback that made it load again.
  if (view.history.isContinued) answer.decision.eligible = false;
  view.decided(answer.decision);
  const done = answer.isGood ? "the last good config holds" : "stable loads";
  if (answer.fault) view.fail(answer.fault, done, "error");
  if (trial) trial.send(isTaken ? "taken" : answer.decision.variant);
  else if (!isTaken) insertStable();

  // Nobody waits for them here, but a refresh may bring flags, and they have the words for what is wrong with a config.
  const words = view.decide && (await (flags || startFlags()).catch(() => {}));
  if (answer.code) view.fail(words ?? `${answer.code} the config is refused`, done, "error");

  function loadTrial() {
    return load(TRIAL_JS, (part) => {
      if (!(createTrial = part.createTrial)) throw 0; // said below
    });
  }

  /** The flags, told of the config. Answers what is wrong with it, in words. */
  function startFlags() {
    return load(FLAGS_JS, ({ loadFlags }) => loadFlags(settings, view));
  }

  function append(tag, properties) {
    const node = document.createElement(tag);
    Object.assign(node, { nonce: settings.nonce, crossOrigin: "anonymous", ...properties });
    document.head.append(node);
    return node;
  }

  /** The shortest way to stable, where not even the trial came in time. */
  function insertStable() {
    dataset.canaryVariant = "stable";
    for (const { href } of stable.styles ?? []) append("link", { rel: "stylesheet", href });
    for (const { src, type, integrity = "" } of stable.scripts) {
      const url = new URL(src, document.baseURI).href;
      const onerror = ({ filename }) => {
        onload();
        const isBlank = !document.body.innerText.trim();
        if (isBlank) apologise();
        // What it throws while it is on the screen is the page's own matter.
        if (isBlank || !filename) tell(`E501 ${src} ${filename ? "threw" : "did not load"}`);
      };
      const threw = (error) => error.filename === url && onerror(error);
      const onload = () => removeEventListener("error", threw);
      addEventListener("error", threw);
      const properties = { type: type === "classic" ? "" : "module", async: false, integrity, onload, onerror, src };
      // Trusted Types let no plain address into a script.
      if (!attempt(() => append("script", properties))) import(url).then(onload, onerror);
    }
  }
}

/** A part, and what is made of it. It may be of no use, like an empty file, and it may fail before somebody waits. */
function load(part, use) {
  const loading = import(new URL(part, import.meta.url)).then(use).catch((fault) => {
    throw typeof fault === "string" ? fault : `E201 ${part} could not be loaded`;
  });
  loading.catch(() => {}); // who waits says so
  return loading;
}
