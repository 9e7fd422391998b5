/** Values of the config that the strip shows. The runtime reads the config by itself. */

const sizeLimit = 1024 * 1024;
const timeLimit = 5000;

/** Reads a body up to a limit, as the runtime does: a compressed body can unpack to any size. */
async function readText(response) {
  const decoder = new TextDecoder();
  const reader = response.body.getReader();
  let text = "";
  let size = 0;
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return text;
    size += value.byteLength;
    if (size > sizeLimit) {
      await reader.cancel();
      throw new RangeError("config too large");
    }
    text += decoder.decode(value, { stream: true });
  }
}

/** Loads `{ percentage, flagKeys }`, or null where the config is missing, late or malformed. */
export async function loadConfig() {
  try {
    const response = await fetch("/config/canary.json", { cache: "no-store", signal: AbortSignal.timeout(timeLimit) });
    if (!response.ok) return null;
    const { CANARY_PERCENTAGE: percentage, FEATURE_FLAGS: flags } = JSON.parse(await readText(response));
    const usable =
      typeof percentage === "number" &&
      percentage >= 0 &&
      percentage <= 100 &&
      typeof flags === "object" &&
      flags !== null &&
      !Array.isArray(flags);
    return usable ? { percentage, flagKeys: Object.keys(flags) } : null;
  } catch {
    return null;
  }
}
