/** The script for refreshes, loaded at the first one: requests the config again, and lets the flags follow it. */
import init, { fetch } from "refresh-glue";
import { bypassServiceWorker, rejectOldReply } from "../boot/config.js";
import { log } from "../util/log.js";

/** @type {Promise<unknown> | undefined} */
let started;

/**
 * Refreshes the config. Flags follow it, the bundle of this page stays. Throws a fault.
 *
 * @param {PageState} page
 */
export async function refresh(page) {
  const { config: url } = page.settings;
  const flags = /** @type {FlagClient} */ (page.flags);
  await (started ??= init({ module_or_path: new URL(REFRESH_WASM, import.meta.url) }));
  const reply = await fetch(bypassServiceWorker(url));
  const { now } = reply;
  const bytes = reply.take();
  reply.free();
  rejectOldReply(url, now);
  const answer = flags.decide({ bytes, now });
  if (!answer) return flags.changed(); // the engine trapped, which is reported
  const { decision, code } = answer;
  const { fault, notices } = flags.takeConfig({ bytes, now });
  if (code) throw fault ?? `${code} the config is refused`;
  for (const notice of notices) log(notice);

  const wasStale = page.isStale;
  page.configRefreshed();
  flags.changed(wasStale);
  if (decision.variant !== page.decision.variant) page.emit("superseded", decision);
}
