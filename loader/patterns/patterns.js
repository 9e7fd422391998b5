/** The script that checks regular expressions: whether all readers read them alike, and no text makes them slow. */
import init, { isPortable } from "patterns-glue";
import bytes from "patterns-wasm";

/** Starts the check, which is in this script: a file of its own would be one more round trip. */
export async function startPatterns() {
  await init({ module_or_path: bytes });
  return isPortable;
}
