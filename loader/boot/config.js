import { pass, refuseOld } from "./worker.js";

const limit = 1 << 20; // bytes, decoded: a ConfigMap holds no more

/** Asks for the config: its bytes, when they came, and their own time (NaN where the reply has none); milliseconds since 1970. */
export async function fetchConfig(url, signal) {
  if (!url) throw "E102 data-config is no address on this origin";
  try {
    const reply = await fetch(pass(url), { cache: "no-store", signal });
    if (!reply.ok) throw `E101 ${url} answered ${reply.status}`;
    const { headers } = reply;
    const date = Date.parse(headers.get("date"));
    refuseOld(url, date);
    return { bytes: await readAll(reply.body, url), at: Date.now(), now: date + headers.get("age") * 1000 };
  } catch (fault) {
    throw typeof fault === "string" ? fault : `E102 ${url} could not be read`;
  }
}

/** Counts while it reads, so that a compression bomb stops at the limit. */
async function readAll(body, url) {
  const chunks = [];
  let size = 0;
  for (const reader = body.getReader(); ; ) {
    const { done, value } = await reader.read();
    if (done) return new Uint8Array(await new Blob(chunks).arrayBuffer());
    chunks.push(value);
    size += value.length;
    if (size > limit) {
      reader.cancel();
      throw `E106 ${url} is larger than 1 MiB`;
    }
  }
}
