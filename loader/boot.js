import { attempt } from "./attempt.js";
import { tell } from "./console.js";
import { decide, without } from "./decide.js";
import * as element from "./element.js";
import { createHistory } from "./history.js";
import { apologise, isBlank } from "./screen.js";
import { follow } from "./sequence.js";

/* global FLAGS_JS, TRIAL_JS -- the hashed names, set by the build */

/**
 * One page view: a decision or the end of the budget, the parts that stand beside the bundle, then the bundle, as the
 * sequence has it. `view` is the surface's state.
 */
export async function boot(settings, view) {
  const { nonce, stable, budgetMs } = settings;
  view.history = createHistory(settings);
  let timers;
  const end = new Promise((_, reject) => {
    const left = budgetMs - performance.now() + view.startedAt;
    // Early enough to be there at the end, where the last good config may want it.
    timers = [setTimeout(() => loadTrial(), left / 2), setTimeout(reject, left, `E103 no decision within ${budgetMs} ms`)];
  });
  end.catch(() => {}); // who waits for it says so

  let createTrial;
  const loadTrial = () => load(TRIAL_JS).then((part) => ({ createTrial } = part));
  const answer = (view.answer = await decide(settings, view, end));
  const { dataset } = document.documentElement;
  const isTaken = dataset.canaryVariant; // by the guard, which was quicker and has said so
  if (isTaken) Object.assign(answer, without());
  const wanted = answer.decision.variant;
  const bundles = { canary: answer.bundle ?? settings.canary, stable };

  // What comes next is asked for already, so that the parts beside it take no time of their own.
  for (const { src, integrity = "" } of isTaken ? [] : bundles[wanted].scripts) {
    element.append("link", { nonce, rel: "preload", as: "script", integrity, href: src });
  }
  const flags = answer.flags && startFlags(settings, view);
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
  view.missing = answer.flags === false ? "FLAG_NOT_FOUND" : "GENERAL";
  view.isStale = !!(answer.fault ?? answer.code);
  // Counted already, before the fallback that made it load again.
  if (view.history.isContinued) answer.decision.eligible = false;
  view.decided(answer.decision);
  const done = answer.isGood ? "the last good config holds" : "stable loads";
  if (answer.fault) view.fail(answer.fault, done, "error");

  const isBlankNow = () => isBlank(attempt(() => document.querySelector(settings.root)) ?? document.body);
  const insertStable = () => {
    for (const { href } of stable.styles ?? []) element.append("link", { nonce, rel: "stylesheet", href });
    for (const item of stable.scripts) {
      const onerror = () => {
        tell(`E501 ${item.src} did not load`);
        send("failed", { blank: isBlankNow() });
      };
      element.appendScript(item, { nonce, onerror });
    }
  };
  let state = "deciding";
  const start = (variant) => {
    dataset.canaryVariant = variant;
    if (trial) trial.run(variant);
    else insertStable();
  };
  const actions = { canary: start, stable: start, broken: apologise };
  const send = (event, facts) => {
    const step = follow(state, event, facts) ?? [];
    state = step.at(-1) ?? state;
    for (const name of step) actions[name]?.(name);
    return state;
  };
  const trial = createTrial?.({ settings, view, bundles, element, actions, send, isBlankNow });
  send(isTaken ? "taken" : answer.decision.variant);

  // Nobody waits for them here, but a refresh may bring flags, and they have the words for what is wrong with a config.
  const words = view.decide && (await (flags || startFlags(settings, view)).catch(() => {}));
  if (answer.code) view.fail(words ?? `${answer.code} the config is refused`, done, "error");
}

const load = (part) =>
  import(new URL(part, import.meta.url)).catch(() => {
    throw `E201 ${part} could not be loaded`;
  });

/** The flags, told of the config. Answers what is wrong with it, in words. */
const startFlags = (settings, view) => load(FLAGS_JS).then(({ loadFlags }) => loadFlags(settings, view));
