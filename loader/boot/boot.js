/** The steps of a page view until its bundle: decide, preload, and load the scripts that stand beside the bundle. */
import { createVisitor } from "../page/context.js";
import { eraseVisitor } from "../storage/identity.js";
import { loadVisitorState } from "../storage/visitor_state.js";
import { pendingCodes } from "../util/log.js";
import { requestDecision, stableAnswer } from "./decision.js";
import { startEngine } from "../engine/engine.js";
import { createFlagClient } from "../flags/flag_client.js";
import { createAppend, insertStable } from "./stable.js";

/**
 * Boots a page view. The lifecycle script takes over with the bundle; where it cannot be loaded, stable is inserted here.
 *
 * @param {PageState} page
 * @param {Settings} settings
 */
export async function boot(page, settings) {
  if (settings.private) eraseVisitor();
  const visitorState = loadVisitorState(settings);
  page.began(settings, visitorState);
  const { budgetMs, stable } = settings;
  const append = createAppend(settings.nonce);
  // The script that has the words for it is loaded when something is wrong.
  page.describeConfig = (reply) =>
    loadScript(DIAGNOSTICS_JS, (script) => script.describeConfig(reply, settings.origins)).catch(() => ({
      notices: [],
    }));
  /** @type {LifecycleScript["createLifecycle"] | undefined} */
  let createLifecycle;
  const loadLifecycle = () =>
    loadScript(LIFECYCLE_JS, (script) => {
      createLifecycle = script.createLifecycle;
      if (!createLifecycle) throw new Error();
    });
  /** @type {ReturnType<typeof setTimeout>[]} */
  let timers = [];
  /** @type {Promise<never>} */
  const deadline = new Promise((_, reject) => {
    const left = budgetMs - performance.now() + page.startedAt;
    // Early enough for the last known good config, which is used at the end of the budget.
    timers = [setTimeout(loadLifecycle, left / 2), setTimeout(reject, left, `E103 no decision within ${budgetMs} ms`)];
  });
  deadline.catch(() => {}); // reported where it is awaited
  const start = startEngine(ENGINE_WASM).then((engine) => ({ ...engine, visitor: createVisitor(settings, engine) }));

  const answer = await requestDecision(page, start, deadline);
  page.answered(answer);
  if (page.engine) page.flagsLoaded(createFlagClient(page));
  // The guard sets the variant where it has inserted stable by itself.
  const isPreempted = !!document.documentElement.dataset.canaryVariant;
  let { decision, fault } = isPreempted ? stableAnswer() : answer;
  const bundles = { canary: answer.bundle ?? settings.canary, stable };
  // The bundle is requested first, so that it does not wait for the scripts beside it.
  for (const { src, integrity = "" } of isPreempted ? [] : bundles[decision.variant].scripts) {
    append("link", { rel: "preload", as: "script", integrity, href: src });
  }

  const late = await Promise.race([loadLifecycle(), deadline]).catch((reason) => reason);
  // The lifecycle script guards the canary; stable can do without.
  if (!createLifecycle && decision.variant === "canary") ({ decision, fault } = stableAnswer(late));
  // A reload after a fallback belongs to a page view that is counted already.
  const isCounted = !visitorState.isFallbackReload;
  timers.map(clearTimeout);
  decision = { ...decision, eligible: decision.eligible && isCounted };
  const lifecycle = createLifecycle?.({ page, decision, bundles, pendingCodes, append });
  page.decided(decision, fault);
  const consequence = answer.isLastKnownGood ? "the last good config holds" : "stable loads";
  if (fault) page.report(fault, consequence, "error");
  if (lifecycle) lifecycle.send(isPreempted ? "preempted" : decision.variant);
  else if (!isPreempted) insertStable(stable, append);

  if (answer.refused) {
    const { fault } = await page.describeConfig(answer.refused);
    page.report(fault ?? `${answer.code} the config is refused`, consequence, "error");
  }
}

/**
 * Imports a script of the runtime and uses it. Rejects with a fault, which is reported where the promise is awaited.
 *
 * @param {string} name
 * @param {(script: any) => any} use
 */
function loadScript(name, use) {
  const loading = import(new URL(name, import.meta.url).href).then(use).catch((error) => {
    throw typeof error === "string" ? error : `E201 ${name} could not be loaded`;
  });
  loading.catch(() => {});
  return loading;
}
