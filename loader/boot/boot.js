/** The steps of a page view until its bundle: decide, preload, and load the scripts that stand beside the bundle. */
import { createVisitor } from "../page/context.js";
import { eraseVisitor } from "../storage/identity.js";
import { loadVisitorState } from "../storage/visitor_state.js";
import { pendingCodes } from "../util/log.js";
import { requestDecision, stableAnswer } from "./decision.js";
import { breaksRules } from "../engine/asset_rules.js";
import { startEngine } from "../engine/engine.js";
import { decode, setPatternCheck } from "../host.js";
import { fetchFile } from "../util/request.js";
import { toJson, tryOrNull } from "../util/safe.js";
import { createFlagClient } from "../flags/flag_client.js";
import { createAppend, insertStable } from "./stable.js";

/**
 * Boots a page view. The lifecycle script takes over with the bundle; where it cannot be loaded, stable is inserted here.
 *
 * @param {PageState} page
 * @param {Settings} settings
 */
export async function boot(page, settings) {
  // The latch between runtime and guard: the guard sets the variant where it has inserted stable by itself. Without a guard it
  // is of an earlier view, where a prerenderer has saved the page with it.
  const latch = document.documentElement.dataset;
  if (!page.hasGuard) delete latch.canaryVariant;
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
  page.loadPatterns = async (reply) => {
    // Keys can be written with escapes.
    if (/\$regex|\\u/.test(decode(reply.bytes))) {
      setPatternCheck(await loadScript(PATTERNS_JS, (script) => script.startPatterns()));
    }
    return reply;
  };
  /** @type {Promise<never>} */
  const deadline = new Promise((_, reject) => {
    const left = budgetMs - performance.now() + page.startedAt;
    setTimeout(reject, left, `E103 no decision within ${budgetMs} ms`);
  });
  deadline.catch(() => {}); // reported where it is awaited
  // Links and tokens of testers are read by a script of its own, which others do not wait for.
  const overridesLoad =
    /[?&]canary[.=]|canary_qa=/.test(location.search + tryOrNull(() => document.cookie)) &&
    loadScript(OVERRIDES_JS, (script) => script.readOverrides(page)).catch(() => {});
  const start = Promise.all([startEngine(ENGINE_WASM, ENGINE_SHA256), overridesLoad]).then(([engine]) => ({
    ...engine,
    visitor: createVisitor(settings, engine),
  }));
  /** @type {LifecycleScript["createLifecycle"] | undefined} */
  let createLifecycle;
  // Requested after the engine, which is needed first.
  const lifecycleLoad = loadScript(
    LIFECYCLE_JS,
    (script) => {
      createLifecycle = script.createLifecycle;
      if (!createLifecycle) throw new Error();
      return script;
    },
    LIFECYCLE_SHA256,
  );

  const answer = await requestDecision(page, start, deadline, lifecycleLoad);
  page.answered(answer);
  if (page.engine) page.flagsLoaded(createFlagClient(page));
  const isPreempted = !!latch.canaryVariant;
  let { decision, fault } = isPreempted ? stableAnswer() : answer;
  // The page's rules hold for a canary that the config does not describe, too.
  if (!answer.bundle && decision.variant === "canary" && breaksRules(settings.canary, settings.origins)) {
    ({ decision, fault } = stableAnswer("E113"));
  }
  const bundles = { canary: answer.bundle ? onOrigin(answer.bundle) : settings.canary, stable };
  // The bundle is requested first, so that it does not wait for the scripts beside it.
  for (const { src, type, integrity = "" } of isPreempted ? [] : bundles[decision.variant].scripts) {
    // Firefox gives a preload to no module without integrity, and a modulepreload would void the integrity of a script.
    const rel = integrity || type === "classic" ? "preload" : "modulepreload";
    append("link", { rel, as: "script", integrity, href: src });
  }

  const late = await Promise.race([lifecycleLoad, deadline]).catch((reason) => reason);
  // The lifecycle script guards the canary; stable can do without.
  if (!createLifecycle && decision.variant === "canary") ({ decision, fault } = stableAnswer(late));
  if (!isPreempted) latch.canaryVariant = decision.variant;
  page.hasLatch = !isPreempted;
  // A reload after a fallback belongs to a page view that is counted already.
  decision = { ...decision, eligible: decision.eligible && !visitorState.isFallbackReload };
  const lifecycle = createLifecycle?.({ page, decision, bundles, pendingCodes, append });
  page.decided(decision, fault);
  const consequence = answer.isLastKnownGood ? "the last good config holds" : "stable loads";
  if (fault) page.report(fault, consequence, "error");
  const insert = () => {
    if (lifecycle) lifecycle.send(isPreempted ? "preempted" : decision.variant);
    else if (!isPreempted) insertStable(stable, append);
  };
  // A module script runs no earlier, and its app may look for an element of the page.
  if (document.readyState !== "loading") insert();
  else document.addEventListener("readystatechange", insert, { once: true });

  if (answer.refused) {
    const { fault } = await page.describeConfig(answer.refused);
    page.report(fault ?? `${answer.code} the config is refused`, consequence, "error");
  }
}

/**
 * A bundle of the config with whole addresses: its paths are of this origin, also where the page has another base.
 *
 * @param {Bundle} bundle
 * @returns {Bundle}
 */
const onOrigin = (bundle) =>
  JSON.parse(toJson(bundle), (key, value) => (/^(src|href)$/.test(key) ? new URL(value, location.origin).href : value));

/**
 * Imports a script of the runtime and uses it. Rejects with a fault, which is reported where the promise is awaited.
 *
 * @param {string} name
 * @param {(script: any) => any} use
 * @param {string} [sha256] of the file, in base64; an import cannot demand it, and finds what was checked in the cache
 */
function loadScript(name, use, sha256) {
  const { href } = new URL(name, import.meta.url);
  const checked = sha256 ? fetchFile(href, sha256) : Promise.resolve();
  const loading = checked
    .then(() => import(href))
    .then(use)
    .catch((error) => {
      throw `${error === "E202" ? error : "E201"} ${name} could not be loaded`;
    });
  loading.catch(() => {});
  return loading;
}
