/** The entry that a page includes: one runtime for a page, however often the script is requested. */
import { boot } from "./boot/boot.js";
import { readSettings } from "./boot/settings.js";
import { createAppend, insertStable } from "./boot/stable.js";
import { createCanary } from "./page/canary_object.js";
import { createPageState } from "./page/page_state.js";
import { log, pendingCodes } from "./util/log.js";
import { errorText } from "./util/safe.js";

const key = Symbol.for("canary-runtime");
const shared = /** @type {any} */ (globalThis);
const findTags = () => [...document.scripts].filter(({ src }) => src === import.meta.url);
const findTag = () =>
  findTags()[0] ??
  /** @type {HTMLScriptElement | null} */ (document.documentElement.querySelector("script[data-stable]"));

/** Finds the tag with the page's settings. It can come after a script that imports this one. */
async function waitForTag() {
  if (!findTag() && document.readyState === "loading") {
    await new Promise((resolve) => document.addEventListener("DOMContentLoaded", resolve, { once: true }));
  }
  return findTag() ?? log("I118 no script tag; its attributes have their defaults");
}

/** Boots the page view, and inserts stable where that throws: a browser may lack a function. @param {PageState} page */
async function run(page) {
  const settings = readSettings(await waitForTag());
  try {
    await boot(page, settings);
  } catch (error) {
    log(`E205 the runtime failed: ${errorText(error)}; stable loads`);
    const isPreempted = !page.hasLatch && document.documentElement.dataset.canaryVariant;
    if (!isPreempted) insertStable(settings.stable, createAppend(settings.nonce));
  }
}

function start() {
  const page = createPageState();
  run(page);
  if (findTags().length > 1) pendingCodes.push("E307");
  return createCanary(page);
}

if (shared[key]) log("E307 the script is included twice; this one does not run");

/** @type {Canary} */
export const canary = (shared[key] ??= start());
