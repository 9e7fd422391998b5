import { apologise } from "../boot/stable.js";
import { attempt } from "../util/safe.js";
import { watchChunks } from "./chunks.js";
import { tell } from "../util/log.js";
import { watchCrash } from "./watchers.js";
import { crawlers } from "../page/crawlers.js";
import { diagnose } from "./diagnosis.js";
import { decode } from "../host.js";
import { insert } from "./insert.js";
import { remember } from "../storage/storage.js";
import { noteReload } from "../storage/reload.js";
import { rise } from "./readiness.js";
import { isBlank } from "./screen.js";
import { follow } from "./state_machine.js";
import { words } from "./messages.js";

const leaveMs = 1000; // from when somebody leaves a page until it is gone
const drawMs = 2000; // what threw may be on the screen within so long
const goodBytes = 65_536; // a larger config is not kept

const wait = (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds));

/** What was done, by the state that followed. */
const done = {
  stable: "stable loads",
  leaving: "the page loads again, with stable",
  renewing: "the page loads again",
  up: "it is left to the page",
  broken: "the page says so",
};

/** One line for a fault, and what the sequence made of it. */
const say = (fault, state) => tell(`${fault}; ${done[state]}`);

/**
 * A bundle's insertion and all that it has to stand from then on, and what is done when it does not, as the sequence has
 * it.
 */
export function createTrial({ settings, view, bundles, notes, append }) {
  const { answer, history } = view;
  let variant; // of the bundle that was inserted last
  let touched = false;
  let isNoted = true; // that this canary failed
  let state = "deciding";
  let takeOut = () => {}; // that bundle, with all of it that has not run

  /** Answers the state that follows. */
  const send = (event, facts) => {
    const step = follow(state, event, facts) ?? [];
    state = step.at(-1) ?? state;
    for (const name of step) actions[name]?.(name);
    return state;
  };
  const isBlankNow = () => isBlank(attempt(() => document.querySelector(settings.root)) ?? document.body);

  view.words = words;
  for (const code of notes) tell(`${code} ${words[code]}`);
  if (answer.decision.reason === "DISABLED" && answer.decision.bucket !== null) tell("I120 CANARY_PERCENTAGE is 0; stable loads");
  if (crawlers.test(navigator.userAgent)) tell("I415 a crawler; stable loads");
  else if (navigator.webdriver) tell("I415 automation; the page is counted only where the config says so");
  if (document.prerendering) tell("I414 rendered ahead; the page is counted when it is shown");

  /** Listens until the answer is called, or the page stops. */
  const listen = (type, listener) => {
    addEventListener(type, listener, true);
    const leave = () => removeEventListener(type, listener, true);
    view.onStop(leave);
    return leave;
  };
  // Into the app, not into a page that is still empty.
  const touch = ({ isTrusted }) => (touched ||= isTrusted && !isBlankNow());
  for (const type of ["pointerdown", "keydown", "input"]) listen(type, touch);

  /** Once for a version and half a minute, and not at all where that cannot be noted. */
  const reload = (from) => {
    const isPossible = isNoted && !settings.private;
    const isDue = isPossible && noteReload(variant === "canary" ? answer.version : settings.stable.scripts[0].src, from);
    if (isDue) return setTimeout(() => location.reload()); // once it is told
    if (isDue !== null) tell("E410 a reload cannot be noted; there is none");
    send("refused");
  };

  const actions = {
    canary: run,
    stable: run,
    broken: apologise,
    quarantine: () => (isNoted = history.keep({ arm: "stable", bad: answer.version })),
    leaving: () => reload(Date.now()),
    renewing: () => reload(0),
    keep() {
      const { bytes, now, at } = answer.reply ?? {};
      // What led to a canary that failed is not good because stable is.
      const isHealthy = !answer.isGood && variant === answer.decision.variant && view.visitor !== "anonymous";
      if (!isHealthy || !(bytes?.length <= goodBytes)) return;
      const isKept = remember("canary_good", { at, now, text: decode(bytes) });
      if (!isKept && !notes.includes("E302")) {
        tell("E302 this browser's storage takes no config; this page goes on");
      }
    },
  };

  const crashed = () => say("E406 the canary left nothing on the screen", send("crashed"));

  const outdated = async (message) => {
    // Whoever leaves a page cuts off what it still loads.
    await wait(leaveMs);
    const state = send("outdated", { touched });
    say(`E409 ${message}`, state);
    if (state === "up") view.emit("stale", { code: "E409", message });
  };

  async function run(name) {
    variant = name;
    let isLeaving = false;
    const leave = () => (isLeaving = true);
    const ends = ["beforeunload", "pagehide"].map((type) => listen(type, leave));
    takeOut();
    const insertion = insert(bundles[name], name, append);
    ({ takeOut } = insertion);
    try {
      const { version, guard } = answer;
      const { started } = view;
      await rise({ variant, bundle: bundles[name], loaded: insertion.loaded, version, guard, started, listen, ends });
      if (name === "canary") view.onStop(watchCrash({ listen, isTouched: () => touched, isBlankNow }, crashed));
      else if (answer.decision.variant === "canary") view.emit("fallback", answer.decision);
      watchChunks({ listen }, outdated);
      send("up");
    } catch ({ fault = "E401 a script's address is none", ran, address }) {
      // Whoever leaves a page cuts off what it still loads. If the page stays after all, it has failed all the same.
      if (isLeaving) await wait(leaveMs);
      if (name === "canary") {
        const state = send("failed", { ran, touched });
        if (state === "up") view.emit("fallback", answer.decision);
        // A page that is about to go learns nothing any more.
        const isOpen = state !== "leaving" && fault.startsWith("E401");
        if (!fault.startsWith("E702")) say(isOpen ? await diagnose(fault, address, bundles.canary) : fault, state);
      } else {
        // What threw may draw all the same.
        if (!address) await wait(drawMs);
        const state = send("failed", { blank: isBlankNow() });
        // What stable throws while it is on the screen is the page's own matter.
        if (address || state === "broken") say(`E501 ${fault.slice(5)}`, state);
      }
    } finally {
      for (const end of ends) end();
    }
  }

  return { send };
}
