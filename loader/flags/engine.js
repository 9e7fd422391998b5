/** The wasm engine that evaluates flags. This file alone knows how it is loaded and called. */
import init, { Flags } from "flags-glue";
import { decode, encode } from "../host.js";

const empty = encode("");

/**
 * Loads and starts the engine for the page's visitor. Throws a fault.
 *
 * @param {Visitor} visitor
 * @param {() => void} onTrap is called once, when the engine traps
 * @returns {Promise<FlagEngine>}
 */
export async function startFlagEngine({ context }, onTrap) {
  const wasm = await fetch(new URL(FLAGS_WASM, import.meta.url))
    .then((reply) => (reply.ok ? reply.arrayBuffer() : null))
    .catch(() => null);
  if (!wasm) throw "E201 the engine of the flags could not be fetched";
  try {
    await init({ module_or_path: wasm });
    return createFlagEngine(new Flags(context), context, onTrap);
  } catch {
    const isValid = WebAssembly.validate(wasm);
    throw isValid ? "E206 the engine of the flags is from another build" : "E202 the engine of the flags is damaged";
  }
}

/**
 * @param {any} instance
 * @param {unknown} context
 * @param {() => void} onTrap
 * @returns {FlagEngine}
 */
function createFlagEngine(instance, context, onTrap) {
  let flags = instance;

  /** Calls the engine. One that trapped is dropped and not entered again. @param {(flags: any) => any} action */
  const call = (action) => {
    try {
      return flags && action(flags);
    } catch {
      flags = null;
      onTrap();
    }
  };

  /** Calls the engine for an answer, which the page gets frozen. @param {(flags: any) => Uint8Array} action */
  const ask = (action) => call((flags) => JSON.parse(decode(action(flags)), (_, value) => Object.freeze(value)));

  return {
    takeConfig: ({ bytes, now }) => ask((flags) => flags.take(bytes, now, Date.now())) ?? { notices: [] },
    decide: ({ bytes, now }, isHeld) => ask((flags) => flags.decide(context, bytes, now, isHeld)),
    evaluate: (flagKey, other = empty) => ask((flags) => flags.flag(encode(flagKey), other)),
    definition: (flagKey) => ask((flags) => flags.definition(encode(flagKey))),
    describe: () => ask((flags) => flags.describe()),
    identify: (other) => call((flags) => flags.identify(other)),
    setOverride: (flagKey, json) => call((flags) => flags.override(encode(flagKey), encode(json))),
    clearOverrides: () => call((flags) => flags.override(empty, empty)),
  };
}
