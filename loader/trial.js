import { tell } from "./console.js";
import { apologise } from "./apologise.js";
import { attempt } from "./attempt.js";
import { crawlers } from "./crawlers.js";
import { decode } from "./host.js";
import { reloadMs } from "./history.js";
import { insert } from "./insert.js";
import { forget, recall, remember } from "./memory.js";
import { isBlank } from "./screen.js";
import { follow } from "./sequence.js";
import { words } from "./words.js";

const crashMs = 10_000; // a canary that is up may turn out to be dead for so long
const leaveMs = 1000; // from when somebody leaves a page until it is gone
const drawMs = 2000; // what threw may be on the screen within so long
const goodBytes = 65_536; // a larger config is not kept
const lostChunk = /dynamically imported module|importing a module script|chunkloaderror|loading chunk/i;

const wait = (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds));

/** What was thrown, or a property of it; anything may be thrown, also what no text can be made of. */
const inWords = (thrown, name) => attempt(() => `${name ? thrown[name] : thrown}`) ?? "no words for it";

/**
 * A bundle's insertion and all that it has to stand from then on, and what is done when it does not, as the sequence has
 * it.
 */
export function createTrial({ settings, view, bundles, notes, append }) {
  const { answer, history } = view;
  const { readyTimeoutMs = 8000, readyWhen } = answer.guard ?? {};
  const stableVersion = settings.stable.scripts[0].src;
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

  /** Says what happened, and what the sequence made of it. */
  const say = (fault, state) => {
    const done = {
      stable: "stable loads",
      leaving: "the page loads again, with stable",
      renewing: "the page loads again",
      up: "it is left to the page",
      broken: "the page says so",
    };
    tell(`${fault}; ${done[state]}`);
  };

  /** Once for a version and half a minute, and not at all where that cannot be noted. */
  const reload = (from) => {
    const version = variant === "canary" ? answer.version : stableVersion;
    const past = recall("canary_reload", "sessionStorage");
    const now = Date.now();
    if (now - past[version] < reloadMs) return send("refused");
    if (!isNoted || settings.private || !remember("canary_reload", { ...past, from, [version]: now }, "sessionStorage")) {
      tell("E410 a reload cannot be noted; there is none");
      return send("refused");
    }
    setTimeout(() => location.reload()); // once it is told
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
      const isHealthy = !answer.isGood && variant === answer.decision.variant && view.standing !== "unknown";
      if (!isHealthy || !(bytes?.length <= goodBytes)) return;
      const isKept = remember("canary_good", { at, now, text: decode(bytes) });
      if (!isKept && !notes.includes("E302")) {
        tell("E302 this browser's storage takes no config; this page goes on");
      }
    },
  };

  /** A mark while the canary starts, for the next page view to find where this one never ends. */
  const mark = () => {
    const tab = Math.random();
    const clear = () => recall("canary_mark").tab === tab && forget("canary_mark");
    // A page that was rendered ahead may be dropped without a word.
    if (document.prerendering) return clear;
    remember("canary_mark", { version: answer.version, until: Date.now() + readyTimeoutMs, tab });
    const leave = listen("pagehide", clear);
    return () => {
      leave();
      clear();
    };
  };

  /** Resolves when the bundle is up; rejects with `{fault, ran, address?}`. */
  const rise = (loaded, ends) =>
    new Promise((resolve, reject) => {
      const { scripts } = bundles[variant];
      const urls = scripts.map(({ src }) => new URL(src, document.baseURI).href);
      const isOurs = (text) => urls.some((url) => text.includes(new URL(".", url).href));
      const threw = (what) => reject({ fault: `E403 ${variant} threw while it started: ${inWords(what)}`, ran: true });
      ends.push(
        listen("error", ({ filename, message }) => filename && isOurs(filename) && threw(message)),
        listen("unhandledrejection", ({ reason }) => {
          if (isOurs(`${inWords(reason)} ${inWords(reason, "stack")}`)) threw(reason);
        }),
      );
      if (variant === "canary") {
        const fault = `E404 the canary was not up within ${readyTimeoutMs} ms`;
        const timer = setTimeout(reject, readyTimeoutMs, { fault, ran: true });
        ends.push(() => clearTimeout(timer), mark());
      }
      loaded
        .then(() => {
          // One request and one run: the same module again, as far as it has come.
          const modules = urls.filter((_, index) => scripts[index].type !== "classic").map((url) => import(url).catch(threw));
          return Promise.all([...modules, readyWhen === "started" && view.started]);
        })
        .then(resolve, ({ code, address, ran }) => reject({ fault: `${code} ${address} did not load`, ran, address }));
    });

  /** What became of a script: a page alone cannot tell. */
  const diagnose = async (fault, address) => {
    if (fault.slice(0, 4) !== "E401") return fault;
    try {
      const reply = await fetch(address, { cache: "no-store" });
      if (!reply.ok) return `E401 ${address} answered ${reply.status}`;
      if (/html/.test(reply.headers.get("content-type"))) return `E402 ${address} is a web page`;
      const { integrity } = bundles.canary.scripts.find(({ src }) => src === address) ?? {};
      // It may be a part of it that is missing.
      const differs = () => (fault = `E408 ${address} does not match its integrity`);
      if (integrity) await fetch(address, { cache: "no-store", integrity }).catch(differs);
    } catch {
      // It cannot tell either.
    }
    return fault;
  };

  /** A canary that draws nothing any more, after an error that nobody caught. */
  const watchCrash = () => {
    let poll;
    let blankSince;
    const look = () => {
      if (touched) end();
      else if (!isBlankNow()) blankSince = undefined;
      // It may be about to draw, for the first time or again.
      else if (performance.now() - (blankSince ??= performance.now()) > drawMs) {
        end();
        say("E406 the canary left nothing on the screen", send("crashed"));
      }
    };
    const seen = () => (poll ??= setInterval(look, 100));
    // An error of an element, such as a picture that is missing, is none of the code.
    const leaves = [listen("error", (event) => event instanceof ErrorEvent && seen()), listen("unhandledrejection", seen)];
    const end = () => {
      for (const leave of leaves) leave();
      clearInterval(poll);
      clearTimeout(timer);
    };
    const timer = setTimeout(end, crashMs);
    view.onStop(end);
  };

  /** A part of the app that is asked for late and is gone, after a roll-back or a deployment. */
  const watchChunks = () => {
    const lost = async (what) => {
      for (const leave of leaves) leave();
      // Whoever leaves a page cuts off what it still loads.
      await wait(leaveMs);
      const message = `a part of the app is gone: ${inWords(what)}`;
      const state = send("outdated", { touched });
      say(`E409 ${message}`, state);
      if (state === "up") view.emit("stale", { code: "E409", message });
    };
    const leaves = [
      listen("vite:preloadError", ({ payload }) => lost(payload)),
      listen("unhandledrejection", ({ reason }) => {
        if (lostChunk.test(`${inWords(reason, "name")} ${inWords(reason)}`)) lost(reason);
      }),
    ];
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
      await rise(insertion.loaded, ends);
      if (name === "canary") watchCrash();
      else if (answer.decision.variant === "canary") view.emit("fallback", answer.decision);
      watchChunks();
      send("up");
    } catch ({ fault, ran, address }) {
      // Whoever leaves a page cuts off what it still loads. If the page stays after all, it has failed all the same.
      if (isLeaving) await wait(leaveMs);
      if (name === "canary") {
        const state = send("failed", { ran, touched });
        if (state === "up") view.emit("fallback", answer.decision);
        // A page that is about to go learns nothing any more.
        const text = state === "leaving" ? fault : await diagnose(fault, address);
        if (!text.startsWith("E702")) say(text, state); // said already
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
