/** The script that a page includes: one instance a page, however often it is asked for. */
import { boot } from "./boot.js";
import { tell } from "./console.js";
import { readSettings } from "./settings.js";
import { createView } from "./view.js";

const findTag = () =>
  [...document.scripts].find(({ src }) => src === import.meta.url) ?? document.querySelector("script[data-stable]");

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
  return view.canary;
}

export const canary = (globalThis[Symbol.for("canary-runtime")] ??= start());
