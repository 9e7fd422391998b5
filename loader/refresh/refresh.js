/** The script for refreshes, loaded at the first one: requests the config again, and lets the flags follow it. */
import init, { fetch } from "refresh-glue";
import { bypassServiceWorker, rejectOldReply } from "../boot/config.js";
import { useApp } from "../storage/storage.js";

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
  const fetched = await fetch(bypassServiceWorker(url));
  const { now } = fetched;
  const reply = { bytes: fetched.take(), now };
  fetched.free();
  useApp(url);
  rejectOldReply(url, now);
  /** @type {EngineAnswer} */
  let answer;
  await page.loadPatterns(reply);
  try {
    answer = page.decideBy(reply);
  } catch {
    page.report("E205 the engine failed", "flags have their defaults", "error");
    return flags.changed();
  }
  const { decision, code } = answer;
  if (code) throw (await page.describeConfig(reply)).fault ?? `${code} the config is refused`;

  const wasStale = page.isStale;
  page.configRefreshed();
  flags.configLoaded(reply);
  page.reportFindings(reply, answer);
  flags.changed(wasStale);
  if (decision.variant !== page.decision.variant) page.emit("superseded", decision);
}
