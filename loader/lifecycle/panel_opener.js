/** Opens the developers' panel on pages whose address asks for it. */
import { hasDebugQuery, log } from "../util/log.js";

/**
 * Opens the panel once the config allows overrides, which a refresh may bring.
 *
 * @param {PageState} page
 */
export async function openPanelIfAsked(page) {
  if (!hasDebugQuery()) return;
  await page.ready;
  const open = () => {
    if (page.flags?.call((engine) => engine.config())?.OVERRIDES?.query !== true) return false;
    page.updatePanel = undefined;
    const failed = () => log(`E201 ${PANEL_JS} could not be loaded; the page goes on without`);
    import(new URL(PANEL_JS, import.meta.url).href).then((panel) => panel.openPanel(page)).catch(failed);
    return true;
  };
  page.updatePanel = open;
  if (!open()) log("E701 canary.debug: expected OVERRIDES.query to be on in the config; it is ignored");
}
