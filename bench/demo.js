/** The demo site, with the runtime and without, and the largest contentful paint of both over the slow link. */
import { readFileSync, readdirSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { brotliCompressSync } from "node:zlib";
import { openPage, slowLink } from "./load.js";
import { runtimeFiles } from "./site.js";

const repository = dirname(dirname(fileURLToPath(import.meta.url)));
const www = join(repository, "www");
const quietMs = 700;

/** The page without the bar at its foot, which only explains the decision. */
function demoPage() {
  const html = readFileSync(join(www, "index.html"), "utf8");
  return html.replace(/^.*\/demo\/strip\.(css|js).*\n/gm, "").replace(/^.*<aside id="strip".*\n/m, "");
}

/** The page with stable in the place of the runtime. */
function withoutRuntime(html) {
  const [tag] = /<script type="module" src="\/runtime\/canary\.js"[^>]*><\/script>/.exec(html);
  const [, script] = /data-stable="([^"]+)"/.exec(tag);
  const [, style] = /data-stable-styles="([^"]+)"/.exec(tag);
  return html
    .replace(tag, `<link rel="stylesheet" href="${style}">\n  <script type="module" src="${script}"></script>`)
    .replace(/^.*<link rel="(module)?preload".*\n/gm, "")
    .replace(/^.*<script [^>]*data-canary-(guard|stable).*\n/gm, "");
}

/** The config of the ConfigMap, with nobody on the canary: both pages show stable. */
function demoConfig() {
  const configMap = readFileSync(join(repository, "k8s/base/canary-config-cm.yaml"), "utf8");
  const [, text] = /^ {2}config\.json: \|\n((?: {4}.*\n)+)/m.exec(configMap);
  return JSON.stringify({ ...JSON.parse(text), CANARY_PERCENTAGE: 0 });
}

/** @returns {Record<"with" | "without", import("./site.js").Site>} */
export function demoSites() {
  const files = new Map();
  const add = (path, content) => files.set(path, { body: Buffer.from(content), brotli: brotliCompressSync(content) });
  for (const version of readdirSync(join(www, "assets"))) {
    for (const name of readdirSync(join(www, "assets", version))) {
      add(`/assets/${version}/${name}`, readFileSync(join(www, "assets", version, name)));
    }
  }
  add("/favicon.svg", readFileSync(join(www, "favicon.svg")));
  add("/config/canary.json", demoConfig());
  for (const [path, file] of runtimeFiles()) files.set(path, file);
  const withPage = (html) => new Map(files).set("/", { body: Buffer.from(html), brotli: brotliCompressSync(html) });
  const html = demoPage();
  return { with: withPage(html), without: withPage(withoutRuntime(html)) };
}

/** The largest contentful paint, in milliseconds since the navigation. */
export async function paintLoad(browser, url, name) {
  const page = await openPage(browser, url);
  await page.send("Network.emulateNetworkConditions", slowLink);
  const loaded = page.once(["Page.loadEventFired"]);
  await page.send("Page.navigate", { url });
  await loaded;
  const { paint, variant } = await page.evaluate(`(${largestPaint})(${quietMs})`);
  await page.close();
  const isRight = variant === (name === "with" ? "stable" : null);
  if (!isRight) throw new Error(`demo ${name}: variant ${variant}`);
  return { paint };
}

/** Runs in the page: waits until the app has drawn and no larger paint follows. */
async function largestPaint(quietMs) {
  let [paint, seenAt] = [0, performance.now()];
  new PerformanceObserver((list) => {
    paint = list.getEntries().at(-1).startTime;
    seenAt = performance.now();
  }).observe({ type: "largest-contentful-paint", buffered: true });
  const isDrawn = () => document.querySelector("#app h1") !== null;
  const isDone = () => isDrawn() && paint > 0 && performance.now() - seenAt > quietMs;
  while (!isDone()) await new Promise((resolve) => setTimeout(resolve, 20));
  return { paint, variant: document.documentElement.dataset.canaryVariant ?? null };
}
