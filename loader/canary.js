/** The entry that a page includes: one runtime for a page, however often the script is requested. */
import { boot } from "./boot/boot.js";
import { readSettings } from "./boot/settings.js";
import { createCanary } from "./page/canary_object.js";
import { createPageState } from "./page/page_state.js";
import { log, pendingCodes } from "./util/log.js";

const key = Symbol.for("canary-runtime");
const shared = /** @type {any} */ (globalThis);
const findTags = () => [...document.scripts].filter(({ src }) => src === import.meta.url);
const findTag = () =>
  findTags()[0] ?? /** @type {HTMLScriptElement | null} */ (document.querySelector("script[data-stable]"));

/** Finds the tag with the page's settings. It can come after a script that imports this one. */
async function waitForTag() {
  if (!findTag() && document.readyState === "loading") {
    await new Promise((resolve) => document.addEventListener("DOMContentLoaded", resolve, { once: true }));
  }
  return findTag() ?? log("I118 no script tag; its attributes have their defaults");
}

function start() {
  const page = createPageState();
  waitForTag().then((tag) => boot(page, readSettings(tag)));
  if (findTags().length > 1) pendingCodes.push("E307");
  return createCanary(page);
}

if (shared[key]) log("E307 the script is included twice; this one does not run");

/** @type {Canary} */
export const canary = (shared[key] ??= start());
