/** Evaluations a CPU second, in the contender's page and through its public interface. */
import { openPage, visit } from "./load.js";

const loopMs = 400;

/** What one step of each loop does with the page's client. It returns the flag, which is on for half of all users. */
const loops = {
  fresh: (client, n) => client.evaluate("half", `user-${n}`),
  rules: (client, n) => client.evaluate("five-rules", `user-${n}`, globalThis.attributes[n % 2]),
  identify: (client, n) => {
    client.identify(`user-${n}`);
    return client.get("half");
  },
  cached: (client) => client.get("half"),
};

/** Runs in the page; the batches keep the clock out of the rate. */
function run(step, ms, first) {
  const { client } = globalThis.bench;
  let [steps, on] = [0, 0];
  const begin = performance.now();
  do {
    for (let batch = 0; batch < 100; batch++) on += step(client, first + steps++) ? 1 : 0;
  } while (performance.now() - begin < ms);
  return { steps, on };
}

/** One round of all loops in a new page. */
export async function measureRates(browser, url, contender) {
  const page = await openPage(browser, url);
  await visit(page, url, contender);
  const base = { plan: "free", country: "DE", language: "en", device: "mobile" };
  const attributes = JSON.stringify(["a", "b"].map((group) => ({ ...base, group })));
  const canIdentify = await page.evaluate(`globalThis.attributes = ${attributes}; !!bench.client.identify`);
  const rates = {};
  for (const [name, step] of Object.entries(loops)) {
    if (name === "identify" && !canIdentify) continue;
    await page.evaluate(`(${run})(${step}, ${loopMs / 4}, 1e9)`);
    const before = await cpuSeconds(browser);
    const { steps, on } = await page.evaluate(`(${run})(${step}, ${loopMs}, 0)`);
    const seconds = (await cpuSeconds(browser)) - before;
    const isHalf = Math.abs(on / steps - 0.5) < 0.02 + 2 / Math.sqrt(steps);
    if (!isHalf && name !== "cached") throw new Error(`${contender.name}: ${name}: ${on} of ${steps} flags are on`);
    rates[name] = steps / seconds;
  }
  await page.close();
  return rates;
}

/** Of all renderers, of which one has a page. */
async function cpuSeconds(browser) {
  const { processInfo } = await browser.send("SystemInfo.getProcessInfo");
  return processInfo.filter(({ type }) => type === "renderer").reduce((sum, { cpuTime }) => sum + cpuTime, 0);
}
