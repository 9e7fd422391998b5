/** The wasm engine that decides. This file alone knows how it is loaded and called. */
import { decide, initSync, newId } from "boot-glue";
import { decode } from "../host.js";
import { createVisitor } from "../page/context.js";

/**
 * Loads and starts the engine for this page's visitor. Throws a code.
 *
 * @param {Settings} settings
 * @returns {Promise<Engine>}
 */
export async function startEngine(settings) {
  if (!globalThis.WebAssembly) throw "E203";
  const module = await fetchWasm(new URL(BOOT_WASM, import.meta.url));
  try {
    if (!initSync({ module }).decide) throw "E206";
    const newDeviceId = () => decode(newId());
    const visitor = createVisitor(settings, newDeviceId);
    return {
      visitor,
      newDeviceId,
      decide: ({ bytes, now }, isHeld) => JSON.parse(decode(decide(visitor.context, bytes, now, isHeld))),
    };
  } catch (error) {
    if (!(error instanceof WebAssembly.CompileError)) throw "E206";
    throw WebAssembly.validate(module) ? "E204" : "E202";
  }
}

/**
 * Fetches the engine as bytes. It is too small to gain from streaming, which would also need the right MIME type.
 *
 * @param {URL} url
 */
async function fetchWasm(url) {
  try {
    const reply = await fetch(url);
    if (reply.ok) return await reply.arrayBuffer();
  } catch {
    // The same fault as an error status.
  }
  throw "E201";
}
