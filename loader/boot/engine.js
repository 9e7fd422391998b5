import { decide, initSync, newId } from "boot-glue";
import { encodeContext, readAttributes } from "../page/context.js";
import { crawlers } from "../page/crawlers.js";
import { decode } from "../host.js";
import { keepId } from "../storage/identity.js";

/* global BOOT_WASM -- the hashed name, set by the build */

/** Fetches and starts the module that decides, for this page's user. Its faults are codes: the trial has the words. */
export async function startModule(settings, view) {
  if (!globalThis.WebAssembly) throw "E203";
  const module = await fetchModule(new URL(BOOT_WASM, import.meta.url));
  const query = new URLSearchParams(location.search);
  try {
    if (!initSync({ module }).decide) throw 0; // said below, as for a module that asks for other imports
    view.makeId = () => settings.userId || keepId(() => decode(newId()));
    const targetingKey = settings.private || crawlers.test(navigator.userAgent) ? "" : view.makeId();
    view.user = { targetingKey, attributes: settings.attributes };
    view.visitor = !targetingKey ? "anonymous" : navigator.webdriver ? "bot" : "identified";
    view.bytes = encodeContext(view.user, readAttributes(), {
      visitor: view.visitor,
      origins: settings.origins,
      arm: query.getAll("canary"),
      flagOverrides: query.getAll("canary.flag"),
    });
  } catch (error) {
    if (!(error instanceof WebAssembly.CompileError)) throw "E206";
    throw WebAssembly.validate(module) ? "E204" : "E202";
  }
  /** The answer, or what `hold` answers where this browser has to stay with stable; with the canary's version. */
  view.judge = (answer, hold) => {
    // A canary that the config does not describe is known by its entry and the salt.
    const version = answer.version ?? `${settings.canary.scripts[0].src} ${answer.salt}`;
    return { ...answer, ...(view.history.isHeld(version) && hold()), version };
  };

  /**
   * `{decision, code?, bundle?, version, guard?, flags}`, for the boot alone: this module never frees what it takes,
   * refreshes ask that of the flags. One that trapped is dropped and not entered again.
   */
  view.decide = ({ bytes, now }) => {
    const ask = (isHeld) => JSON.parse(decode(decide(view.bytes, bytes, now, isHeld)));
    try {
      return view.judge(ask(false), () => ask(true));
    } catch {
      view.decide = null;
      throw "E205";
    }
  };
}

/** As bytes, not as a stream: so small a module gains nothing from one, and its MIME type does not matter. */
async function fetchModule(url) {
  try {
    const reply = await fetch(url);
    if (reply.ok) return await reply.arrayBuffer();
  } catch {
    // Said below, as for any other answer that is no module.
  }
  throw "E201";
}
