import init, { Flags } from "flags-glue";
import { attempt } from "../util/safe.js";
import { tell } from "../util/log.js";
import { encodeContext, readAttributes } from "../page/context.js";
import { encode } from "../util/encode.js";
import { decode } from "../host.js";
import { isDebugged } from "../util/lines.js";
import { watchConfig } from "./refresh_triggers.js";

/* global FLAGS_WASM, PANEL_JS -- the hashed names, set by the build */

const error = (errorCode) => ({ variant: null, reason: "ERROR", errorCode });
const empty = encode("");

/**
 * All that nobody waits for before the bundle is asked for: flags, the words for what is wrong with a config, refreshes.
 * Answers what is wrong with this one, if anything is.
 */
export async function loadFlags(settings, view) {
  const flags = createFlags(view, await startModule(view.bytes));
  const { refused, reply } = view.answer;
  const taken = [refused, reply].map((reply) => (reply ? flags.take(reply) : { notices: [] }));
  for (const { notices } of taken) notices.map(tell);
  view.flagged(flags);
  // Later than the budget: who has read their defaults is told.
  if (view.decision && reply && view.missing === "GENERAL") flags.changed(true);
  view.onStop(watchConfig(settings, view));
  if (isDebugged()) openPanel(settings, view);
  return taken[0].fault;
}

/** The module that has the flags, for this page's user. */
async function startModule(bytes) {
  const module = await fetch(new URL(FLAGS_WASM, import.meta.url))
    .then((reply) => reply.ok && reply.arrayBuffer())
    .catch(() => {});
  if (!module) throw "E201 the module that has the flags could not be fetched";
  try {
    await init({ module_or_path: module });
    return new Flags(bytes);
  } catch {
    const isSound = WebAssembly.validate(module);
    throw isSound ? "E206 the module that has the flags is from another build" : "E202 the module that has the flags is damaged";
  }
}

/** For developers, once the config lets them override. Nobody waits for it, and nobody else asks for it. */
async function openPanel(settings, view) {
  await view.canary.ready;
  const open = () => {
    if (!view.flags.describe()?.query) return false;
    view.looked = null;
    const failed = () => tell(`E201 ${PANEL_JS} could not be loaded; the page goes on without`);
    return import(new URL(PANEL_JS, import.meta.url)).then((panel) => panel.open(settings, view)).catch(failed);
  };
  view.looked = open; // a refresh may bring leave
  if (!open()) tell("E701 canary.debug: expected OVERRIDES.query to be on in the config; it is ignored");
}

/** What stands behind the page's object. */
function createFlags(view, module) {
  const exposed = new Set();
  let answers = new Map(); // the module's, for each flag that was asked for, until something changes
  let isInvalid = false; // who was identified last

  /** A module that trapped is dropped and not entered again. What it answers is the page's to see, not to change. */
  const enter = (action) => {
    try {
      const answer = module && action(module);
      return answer && JSON.parse(decode(answer), (_, value) => Object.freeze(value));
    } catch {
      module = view.decide = null;
      view.fail("E205 the module failed", "flags have their defaults", "error");
    }
  };

  const ask = (flagKey, context) => {
    const answer = { variant: null, ...(enter((module) => module.flag(encode(flagKey), context)) ?? error("GENERAL")) };
    // By the last good config, until there is a present one.
    if (view.answer.isGood && answer.value !== undefined) answer.reason = "STALE";
    return answer;
  };

  const look = (key) => (isInvalid ? error("INVALID_CONTEXT") : ask(key, empty));

  const answerTo = (flagKey) => {
    const key = typeof flagKey === "string" ? flagKey : "";
    if (!answers.has(key)) answers.set(key, look(key));
    return answers.get(key);
  };

  /** After whatever may have given flags other values: tells which of those that were asked for have one. */
  const changed = (isNews) => {
    const before = answers;
    answers = new Map();
    const text = (answer) => JSON.stringify(answer.value);
    const flagsChanged = [...before.keys()].filter((key) => text(before.get(key)) !== text(answerTo(key)));
    if (isNews || flagsChanged.length) view.emit("configurationChanged", { flagsChanged });
    view.looked?.(); // the panel, which looks at all of them
  };

  const change = (action) => {
    enter(action);
    changed();
  };

  return {
    /** Takes a config: `{fault?, notices}`, lines for the console. */
    take: ({ bytes, now }) => enter((module) => module.take(bytes, now, Date.now())) ?? { notices: [] },

    /** The bundle that a later config would give. Not by the module of the boot, which frees no memory. */
    decide({ bytes, now }) {
      const ask = (isHeld) => enter((module) => module.decide(view.bytes, bytes, now, isHeld));
      const answer = ask(false);
      return answer && view.judge(answer, () => ask(true));
    },

    changed,

    /** The answer to a flag, for who only looks: no exposure, and no flag that the page has asked for. */
    look,

    describe: () => enter((module) => module.describe()),
    define: (key) => enter((module) => module.definition(encode(key))),

    /** Ends the override of one flag. */
    clearOverride(flagKey) {
      change((module) => {
        const { overridden } = this.describe();
        const kept = overridden.filter((key) => key !== flagKey).map((key) => [key, look(key).value]);
        module.override(empty, empty);
        for (const [key, value] of kept) module.override(encode(key), encode(JSON.stringify(value)));
      });
    },

    /** The answer to a flag that should have a value of this kind. */
    read(kind, flagKey) {
      const answer = answerTo(flagKey);
      const { value, variant, reason, bucket } = answer;
      if (value !== undefined && !fits(kind, value)) return error("TYPE_MISMATCH");
      if (bucket !== undefined && !answer.isTold) {
        answer.isTold = true;
        const id = JSON.stringify([flagKey, value]);
        if (!exposed.has(id)) view.emit("exposure", { flagKey, value, variant, reason, bucket });
        exposed.add(id);
      }
      return answer;
    },

    details(kind, flagKey, defaultValue) {
      const { value = defaultValue, variant, reason, errorCode, override } = this.read(kind, flagKey);
      return { flagKey, value, variant, reason, errorCode, flagMetadata: override ? { override } : {} };
    },

    /** The value, if there is one. For somebody who need not be this page's user: then nobody is exposed to it. */
    evaluate(flagKey, context, defaultValue) {
      const kind = defaultValue == null ? undefined : typeof defaultValue;
      if (context === undefined) return this.read(kind, flagKey).value;
      const bytes = encodeContext(context);
      const { value } = bytes && typeof flagKey === "string" ? ask(flagKey, bytes) : {};
      return fits(kind, value) ? value : undefined;
    },

    identify(userId, attributes) {
      change((module) => {
        const context = { targetingKey: userId ?? view.user.targetingKey, attributes };
        const bytes = encodeContext(context, { ...readAttributes(), ...view.user.attributes });
        // The module has limits of its own, for nesting say.
        isInvalid = !(bytes && module.identify(bytes));
        if (isInvalid) tell("I118 identify: expected a text and a JSON object; flags have their defaults");
      });
    },

    setOverride(flagKey, value) {
      const text = attempt(() => JSON.stringify(value));
      if (text && flagKey && typeof flagKey === "string") {
        change((module) => module.override(encode(flagKey), encode(text)));
      } else tell("I118 setOverride: expected a text and a JSON value; it is ignored");
    },

    clearOverrides: () => change((module) => module.override(empty, empty)),
  };
}

/** Whether a value is of JSON's type; null is of none but its own. */
const fits = (kind, value) => value !== undefined && (!kind || (value !== null && typeof value === kind));
