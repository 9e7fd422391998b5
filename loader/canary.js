/** The script that a page includes: one instance a page, however often it is asked for. */
import { boot } from "./boot/boot.js";
import { notes, tell } from "./util/log.js";
import { readSettings } from "./boot/settings.js";
import { createView } from "./page/page_state.js";

const name = Symbol.for("canary-runtime");
const findTags = () => [...document.scripts].filter(({ src }) => src === import.meta.url);
const findTag = () => findTags()[0] ?? document.querySelector("script[data-stable]");

/** The tag with the page's attributes. It may come after a script that imports this one. */
async function waitForTag() {
  if (!findTag() && document.readyState === "loading") {
    await new Promise((resolve) => document.addEventListener("DOMContentLoaded", resolve, { once: true }));
  }
  return findTag() ?? tell(`I118 no script tag; its attributes have their defaults`);
}

function start() {
  const view = createView();
  waitForTag().then((tag) => boot(readSettings(tag), view));
  if (findTags().length > 1) notes.push("E307");
  return view.canary;
}

if (globalThis[name]) tell("E307 the script is included twice; this one does not run");
export const canary = (globalThis[name] ??= start());
