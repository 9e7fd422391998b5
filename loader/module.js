import { decide, initSync, newId } from "boot-glue";
import { encodeContext, readAttributes } from "./context.js";
import { decode } from "./host.js";
import { keepId } from "./identity.js";

/* global BOOT_WASM -- the hashed name, set by the build */

/** Fetches and starts the module that decides, for this page's user. */
export async function startModule(settings, view) {
  if (!globalThis.WebAssembly) throw "E203 this browser has no WebAssembly";
  const module = await fetchModule(new URL(BOOT_WASM, import.meta.url));
  try {
    if (!initSync({ module }).decide) throw 0; // said below, as for a module that asks for other imports
    view.makeId = () => settings.userId || keepId(() => decode(newId()));
    const targetingKey = settings.private ? "" : view.makeId();
    view.user = { targetingKey, attributes: settings.attributes };
    const standing = !targetingKey ? "unknown" : navigator.webdriver ? "automated" : "known";
    const query = new URLSearchParams(location.search);
    view.bytes = encodeContext(view.user, readAttributes(), {
      standing,
      origins: settings.origins,
      arm: query.getAll("canary"),
      flagOverrides: query.getAll("canary.flag"),
    });
  } catch (error) {
    if (!(error instanceof WebAssembly.CompileError)) throw `E206 ${BOOT_WASM} is from another build`;
    throw WebAssembly.validate(module)
      ? "E204 WebAssembly is blocked: script-src needs 'wasm-unsafe-eval'"
      : `E202 ${BOOT_WASM} is damaged`;
  }
  /**
   * `{decision, code?, bundle?, flags?}`, once: this module never frees what it takes, refreshes ask that of the flags. One
   * that trapped is dropped and not entered again.
   */
  view.decide = (bytes, now) => {
    try {
      return JSON.parse(decode(decide(view.bytes, bytes, now)));
    } catch {
      view.decide = null;
      throw "E205 the module failed";
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
  throw `E201 ${BOOT_WASM} could not be fetched`;
}
