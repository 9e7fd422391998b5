import { fetchConfig } from "./config.js";
import { tell } from "./console.js";
import { insert } from "./insert.js";
import { startModule } from "./module.js";
import { watchConfig } from "./watch.js";

/**
 * One page view: config and module side by side, a decision or the end of the budget, the bundle, later refreshes.
 * `view` is the surface's state; whatever arrives after the decision is ignored.
 */
export async function boot(settings, view) {
  const answer = await decide(settings, view);
  for (const notice of answer.notices) tell(notice);
  const { decision, fault } = answer;
  view.isStale = !!fault;
  view.decided(decision);
  if (fault) view.fail(fault, "stable loads", "error");

  const wanted = decision.variant === "canary";
  const canary = wanted && (await load(answer.bundle ?? settings.canary, "canary", settings, "E401"));
  if (!canary) await load(settings.stable, "stable", settings, "E501");
  if (wanted && !canary) view.emit("fallback", decision);
  view.onStop(watchConfig(settings, view));
}

async function decide(settings, view) {
  const abort = new AbortController();
  let timer;
  const budget = new Promise((_, reject) => {
    timer = setTimeout(reject, settings.budgetMs - performance.now() + view.startedAt, `E103 no decision within ${settings.budgetMs} ms`);
  });
  const module = startModule(settings, view);
  const config = fetchConfig(settings.config, abort.signal);
  try {
    const [{ bytes, now }] = await Promise.race([Promise.all([config, module]), budget]);
    return view.decide(bytes, now);
  } catch (fault) {
    return { decision: noDecision, fault, notices: [] };
  } finally {
    clearTimeout(timer);
    abort.abort();
  }
}

const noDecision = {
  variant: "stable",
  cohort: "rest",
  bucket: null,
  reason: "ERROR",
  errorCode: "GENERAL",
  revision: null,
  eligible: false,
};

async function load(bundle, variant, { nonce }, code) {
  try {
    await insert(bundle, variant, nonce);
    return true;
  } catch (address) {
    tell(`${code} ${address} did not load${variant === "canary" ? "; stable loads" : ""}`);
    return false;
  }
}
