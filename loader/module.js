import { initSync, newId, Runtime } from "boot-glue";
import { encode } from "./encode.js";
import { keepId } from "./identity.js";

/* global BOOT_WASM -- the hashed name, set by the build */

/** Fetches and starts the wasm module, for this page's user. */
export async function startModule(settings) {
  if (!globalThis.WebAssembly) throw "E203 this browser has no WebAssembly";
  const module = await fetchModule(new URL(BOOT_WASM, import.meta.url));
  try {
    initSync({ module });
    const key = settings.private ? "" : settings.userId || keepId(newId);
    return new Runtime(encode(key), encode(settings.origins), navigator.webdriver);
  } catch (error) {
    if (!(error instanceof WebAssembly.CompileError)) throw `E206 ${BOOT_WASM} is from another build`;
    throw WebAssembly.validate(module)
      ? "E204 WebAssembly is blocked: script-src needs 'wasm-unsafe-eval'"
      : `E202 ${BOOT_WASM} is damaged`;
  }
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
