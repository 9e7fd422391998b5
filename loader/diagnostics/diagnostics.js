/** The script that describes what is wrong with a config: keys, positions and what was expected. */
import init, { describe } from "diagnostics-glue";
import { decode, encode } from "../host.js";

/** @type {Promise<unknown> | undefined} */
let started;

/**
 * Describes the fault for which a config is refused, and what counts as absent in one that is not.
 *
 * @param {ConfigReply} reply
 * @param {string} origins
 * @returns {Promise<ConfigFindings>}
 */
export async function describeConfig({ bytes, now }, origins) {
  await (started ??= init({ module_or_path: new URL(DIAGNOSTICS_WASM, import.meta.url) }));
  return JSON.parse(decode(describe(bytes, now, encode(origins))));
}
