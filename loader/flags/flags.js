/** The script for flags, loaded beside the bundle: starts their engine, refreshes, and the panel where it is asked for. */
import { hasDebugQuery, log } from "../util/log.js";
import { startFlagEngine } from "./engine.js";
import { createFlagClient } from "./flag_client.js";
import { watchRefreshTriggers } from "./refresh_triggers.js";

/**
 * Makes the flags available to the page. Returns the fault of its config, with a message, if it was refused.
 *
 * @param {PageState} page
 * @returns {Promise<string | undefined>}
 */
export async function loadFlags(page) {
  const engine = await startFlagEngine(page.visitor, () => {
    page.engineDropped();
    page.report("E205 the module failed", "flags have their defaults", "error");
  });
  const flags = createFlagClient(page, engine);
  const { refused, reply } = page.answer;
  const fault = refused && takeConfig(flags, refused);
  if (reply) takeConfig(flags, reply);
  page.flagsLoaded(flags);
  // The budget had ended before: the page may have read defaults.
  if (page.decision && reply && page.flagErrorCode === "GENERAL") flags.changed(true);
  page.onStop(watchRefreshTriggers(page));
  if (hasDebugQuery()) openPanel(page);
  return fault;
}

/** @param {FlagClient} flags @param {ConfigReply} reply */
function takeConfig(flags, reply) {
  const { fault, notices } = flags.takeConfig(reply);
  for (const notice of notices) log(notice);
  return fault;
}

/**
 * Opens the developers' panel once the config allows overrides, which a refresh may bring.
 *
 * @param {PageState} page
 */
async function openPanel(page) {
  await page.ready;
  const open = () => {
    if (!page.flags?.describe()?.query) return false;
    page.updatePanel = undefined;
    const failed = () => log(`E201 ${PANEL_JS} could not be loaded; the page goes on without`);
    import(new URL(PANEL_JS, import.meta.url).href).then((panel) => panel.openPanel(page)).catch(failed);
    return true;
  };
  page.updatePanel = open;
  if (!open()) log("E701 canary.debug: expected OVERRIDES.query to be on in the config; it is ignored");
}
