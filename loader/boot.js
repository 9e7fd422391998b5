import { fetchConfig } from "./config.js";
import { tell } from "./console.js";
import { announce, insert } from "./insert.js";
import { startModule } from "./module.js";

/* global FLAGS_JS -- the hashed name, set by the build */

/**
 * One page view: config and module side by side, a decision or the end of the budget, the bundle with its flags, later
 * refreshes. `view` is the surface's state; whatever arrives after the decision is ignored.
 */
export async function boot(settings, view) {
  const budget = startBudget(settings, view);
  const answer = await decide(settings, view, budget);
  const { decision, fault, code } = answer;
  const wanted = decision.variant === "canary";
  const bundle = wanted ? (answer.bundle ?? settings.canary) : settings.stable;
  view.missing = answer.flags === false ? "FLAG_NOT_FOUND" : "GENERAL";
  view.isStale = !!(fault ?? code);

  let flags = null;
  if (answer.flags) {
    // What comes next is asked for already, so that the flags take no time of their own.
    announce(bundle, settings.nonce);
    flags = startFlags(settings, view, answer);
    await Promise.race([flags, budget.end]).catch((late) => {
      decision.eligible = false;
      view.fail(late, "flags have their defaults", "error");
    });
  }
  budget.stop();
  view.decided(decision);
  if (fault) view.fail(fault, "stable loads", "error");

  const canary = wanted && (await load(bundle, "canary", settings, "E401"));
  if (!canary) await load(settings.stable, "stable", settings, "E501");
  if (wanted && !canary) view.emit("fallback", decision);
  // Nobody waits for them here, but a refresh may bring flags, and they have the words for what is wrong with a config.
  const words = view.decide && (await (flags ?? startFlags(settings, view, answer)).catch(() => {}));
  if (code) view.fail(words ?? `${code} the config is refused`, "stable loads", "error");
}

function startBudget({ budgetMs }, view) {
  let timer;
  const end = new Promise((_, reject) => {
    timer = setTimeout(reject, budgetMs - performance.now() + view.startedAt, `E103 no decision within ${budgetMs} ms`);
  });
  end.catch(() => {}); // who waits for it says so
  return { end, stop: () => clearTimeout(timer) };
}

/** `{decision, bundle?, flags?, code?, fault?}`: whether the config has flags, or why there is none, as code or text. */
async function decide(settings, view, budget) {
  const abort = new AbortController();
  const module = startModule(settings, view);
  const config = fetchConfig(settings.config, abort.signal);
  try {
    const [reply] = await Promise.race([Promise.all([config, module]), budget.end]);
    return { ...reply, ...view.decide(reply.bytes, reply.now) };
  } catch (fault) {
    return { decision: noDecision, fault };
  } finally {
    abort.abort();
  }
}

/** The flags, told of the config. Answers what is wrong with it, in words. */
async function startFlags(settings, view, { bytes, now }) {
  try {
    const { loadFlags } = await import(new URL(FLAGS_JS, import.meta.url));
    return await loadFlags(settings, view, bytes, now);
  } catch {
    throw "E201 the module for flags failed";
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
