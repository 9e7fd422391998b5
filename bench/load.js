/** One view of a contender's page in a new browser profile, and what it cost. */
import { expectedVariant } from "./contenders.js";
import { visitor } from "./flags.js";

/** A slow phone link: round trips of 150 ms, 1.6 Mbit/s down, 750 kbit/s up. */
export const slowLink = {
  offline: false,
  latency: 150,
  downloadThroughput: 1_600_000 / 8,
  uploadThroughput: 750_000 / 8,
};
export const throttledCpu = 6;

/** How long a page has after its app runs for what it does later. */
const settleMs = 200;

export const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

/** A page with the visitor's id. @param {import("./browser.js").Browser} browser @param {string} url */
export async function openPage(browser, url) {
  const page = await browser.newPage();
  const enabled = ["Page", "Network", "Runtime", "Performance"].map((domain) => page.send(`${domain}.enable`));
  await Promise.all([
    ...enabled,
    page.send("Runtime.addBinding", { name: "appRuns" }),
    page.send("Network.setCookie", { name: "canary_id", value: visitor, url }),
  ]);
  return page;
}

/** Navigates, waits until the app runs, and returns the times since the navigation. Throws where a flag is wrong. */
export async function visit(page, url, contender, isRepeated = false) {
  const runs = page.once(["Runtime.bindingCalled", "Runtime.exceptionThrown"]);
  await page.send("Page.navigate", { url });
  const { exceptionDetails } = await runs;
  if (exceptionDetails) throw new Error(`${contender.name}: ${exceptionDetails.exception?.description}`);
  const hasFlags = contender.kind !== "none";
  const seen = await page.evaluate(`(${observe})(${hasFlags})`);
  const { variant, flag, requests } = seen;
  const fail = (what) => {
    throw new Error(`${contender.name}: ${what}`);
  };
  if (hasFlags && variant !== expectedVariant(contender)) fail(`the visitor got ${variant}`);
  if (hasFlags && flag !== true) fail("the first flag is not true");
  const configs = requests.filter(({ path }) => path.startsWith("/config/"));
  // ConfigCat keeps a config for a minute.
  if (hasFlags && configs.length !== 1 && !isRepeated) fail(`the config was requested ${configs.length} times`);
  return seen;
}

/** Runs in the page. */
async function observe(hasFlags) {
  while (hasFlags && !globalThis.bench) await new Promise((resolve) => setTimeout(resolve, 5));
  const marks = Object.fromEntries(
    performance.getEntriesByType("mark").map(({ name, startTime }) => [name, startTime]),
  );
  const requests = performance
    .getEntriesByType("resource")
    .filter(({ name }) => name.startsWith(location.origin))
    .map(({ name, startTime, responseEnd, encodedBodySize, nextHopProtocol }) => ({
      path: new URL(name).pathname,
      start: startTime,
      end: responseEnd,
      bytes: encodedBodySize,
      protocol: nextHopProtocol,
    }));
  const { variant, flag } = globalThis.bench ?? {};
  return { marks, requests, variant, flag };
}

const isApp = ({ path }) => path.startsWith("/assets/");
const isConfig = ({ path }) => path.startsWith("/config/");
const sum = (requests) => requests.reduce((total, { bytes }) => total + bytes, 0);
const times = ({ marks, requests }) => ({
  ...marks,
  requested: Math.min(...requests.filter(isApp).map(({ start }) => start)),
});

/** A first view over the slow link. */
export async function slowLoad(browser, url, contender) {
  const page = await openPage(browser, url);
  await page.send("Network.emulateNetworkConditions", slowLink);
  const seen = await visit(page, url, contender);
  await page.close();
  return { ...times(seen), requests: seen.requests };
}

/** A second view over the slow link, after a first one over a fast link. */
export async function repeatLoad(browser, url, contender) {
  const page = await openPage(browser, url);
  await visit(page, url, contender);
  await sleep(settleMs);
  await page.send("Network.emulateNetworkConditions", slowLink);
  const seen = await visit(page, url, contender, true);
  await page.close();
  return times(seen);
}

/** A first view without throttling: times, main-thread CPU, bytes, and memory after a garbage collection. */
export async function fastLoad(browser, url, contender) {
  const page = await openPage(browser, url);
  await visit(page, url, contender);
  await sleep(settleMs);
  const metrics = await mainThread(page);
  const seen = await page.evaluate(`(${observe})(${contender.kind !== "none"})`);
  const memory = await heapBytes(page);
  await page.close();
  const { marks, requests } = seen;
  const own = requests.filter((request) => !isApp(request) && !isConfig(request));
  const config = requests.find(isConfig);
  return {
    ...times(seen),
    ...metrics,
    bytesBefore: sum(own.filter(({ end }) => end <= (marks.flag ?? 0))),
    bytes: sum(own),
    configBytes: config?.bytes ?? 0,
    textToDecision: marks.decision - (config?.end ?? NaN),
    textToFlag: marks.flag - (config?.end ?? NaN),
    memory,
  };
}

async function mainThread(page) {
  const { metrics } = await page.send("Performance.getMetrics");
  const value = (name) => metrics.find((metric) => metric.name === name).value * 1_000;
  return { cpu: value("TaskDuration"), script: value("ScriptDuration") };
}

/** The bytes of the JavaScript heap, of buffers and of WebAssembly's memories, after a garbage collection. */
async function heapBytes(page) {
  await page.send("HeapProfiler.collectGarbage");
  const { usedSize, backingStorageSize } = await page.send("Runtime.getHeapUsage");
  const { result: prototype } = await page.send("Runtime.evaluate", { expression: "WebAssembly.Memory.prototype" });
  const { objects } = await page.send("Runtime.queryObjects", { prototypeObjectId: prototype.objectId });
  const { result } = await page.send("Runtime.callFunctionOn", {
    objectId: objects.objectId,
    functionDeclaration: "function () { return this.reduce((sum, { buffer }) => sum + buffer.byteLength, 0); }",
  });
  return usedSize + backingStorageSize + result.value;
}

/** A first view with a throttled CPU: the longest task of the main thread until the page has settled. */
export async function throttledLoad(browser, url, contender) {
  const page = await openPage(browser, url);
  await page.send("Emulation.setCPUThrottlingRate", { rate: throttledCpu });
  const events = [];
  const listener = ({ method, params }) => method === "Tracing.dataCollected" && events.push(...params.value);
  browser.listeners.add(listener);
  const includedCategories = ["blink.user_timing", "disabled-by-default-devtools.timeline", "devtools.timeline"];
  await browser.send("Tracing.start", { transferMode: "ReportEvents", traceConfig: { includedCategories } });
  const seen = await visit(page, url, contender);
  await sleep(settleMs);
  const complete = browser.once(["Tracing.tracingComplete"]);
  await browser.send("Tracing.end");
  await complete;
  browser.listeners.delete(listener);
  await page.close();
  return { ...times(seen), longest: longestTask(events) };
}

/** In milliseconds, among those of the thread that has the app's mark, from the navigation on. */
function longestTask(events) {
  const mark = events.findLast(({ name, cat }) => name === "app" && cat.includes("blink.user_timing"));
  const isOfPage = ({ pid, tid }) => pid === mark.pid && tid === mark.tid;
  const begin =
    events.findLast((event) => event.name === "navigationStart" && isOfPage(event) && event.ts < mark.ts)?.ts ?? 0;
  const tasks = events.filter((event) => event.name === "RunTask" && isOfPage(event) && event.ts >= begin);
  if (tasks.length === 0) throw new Error("the trace has no tasks");
  return Math.max(...tasks.map(({ dur }) => dur)) / 1_000;
}
