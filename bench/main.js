#!/usr/bin/env node
/**
 * Loads the pages of all contenders, in turns, and writes docs/bench.md and docs/bench.svg.
 *
 *     node bench/main.js [--loads 15] [--only NAME,...]
 *     node bench/main.js --report
 *
 * target/bench/peers.json has all loads; `--report` writes the page again from that file. With fewer than 15 loads the page
 * goes to target/bench/, and with `--only` the medians are printed.
 */
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import os from "node:os";
import { parseArgs } from "node:util";
import { Browser } from "./browser.js";
import { contenders, versionOf } from "./contenders.js";
import { demoSites, paintLoad } from "./demo.js";
import { grownFlags, ordinaryFlags } from "./flags.js";
import { fastLoad, repeatLoad, slowLoad, throttledLoad } from "./load.js";
import { measureRates } from "./rates.js";
import { makeCertificate, serve } from "./server.js";
import { makeSite } from "./site.js";
import { summarize, writeReport } from "./report.js";

const enoughLoads = 15;
const folder = "target/bench";

const { values: options } = parseArgs({
  options: {
    loads: { type: "string", default: `${enoughLoads}` },
    only: { type: "string" },
    report: { type: "boolean" },
  },
});
const loads = Number(options.loads);
const only = options.only?.split(",");
const chosen = contenders.filter(({ name }) => !only || only.includes(name));
if (!(loads >= 1) || chosen.length === 0)
  throw new Error("usage: main.js [--loads COUNT] [--only NAME,...] [--report]");
if (options.report) {
  writeReport(JSON.parse(readFileSync(`${folder}/peers.json`, "utf8")), "docs");
  process.exit();
}

/** Rates and growth do not depend on the bundle that the visitor gets. */
const isOwnLibrary = ({ name, kind, bundlePreloaded }) =>
  kind !== "none" && !bundlePreloaded && name !== "canary_canary";
const rateRounds = 5;
const grownCount = 10_000;

const begin = performance.now();
const certificate = makeCertificate();
const servers = [];
/** The URL of a site, over HTTP/1.1 or with TLS and HTTP/2. */
async function publish(files, isSecure = false) {
  const server = await serve(files, isSecure ? certificate : undefined);
  servers.push(server);
  return server.url;
}

const measurements = [];
/** @type {Record<string, Record<string, object[]>>} measurement to contender to loads */
const results = {};
/** Measurements of one contender that run at the same time: over the slow link a page mostly waits. */
const add = (contender, measures, rounds = loads) => measurements.push({ contender, measures, rounds });

const pageBytes = {};
for (const contender of chosen) {
  const site = await makeSite(contender, ordinaryFlags(contender.percentage ?? 5));
  pageBytes[contender.name] = site.pageBytes;
  const [plain, secure] = [await publish(site.files), await publish(site.files, true)];
  const measure = (load, url) => (browser) => load(browser, url, contender);
  add(contender.name, { "slow, HTTP/1.1": measure(slowLoad, plain), "slow, HTTP/2": measure(slowLoad, secure) });
  add(contender.name, { repeat: measure(repeatLoad, secure) });
  add(contender.name, { fast: measure(fastLoad, plain) });
  add(contender.name, { throttled: measure(throttledLoad, plain) });
  if (!isOwnLibrary(contender)) continue;
  const grown = await publish((await makeSite(contender, grownFlags(grownCount))).files);
  add(contender.name, { grown: measure(fastLoad, grown) });
  add(contender.name, { rates: measure(measureRates, plain) }, Math.min(loads, rateRounds));
}
for (const [name, files] of Object.entries(only ? {} : demoSites())) {
  const url = await publish(files, true);
  add(name, { demo: (browser) => paintLoad(browser, url, name) });
}

const warmUp = await publish((await makeSite(contenders[0], [])).files);

/** All measurements once, beginning with another one in each round. */
async function measureRound(browser, round) {
  await fastLoad(browser, warmUp, contenders[0]); // the very first page of a browser is slow
  const first = Math.floor((round * measurements.length) / loads);
  for (const { contender, measures, rounds } of [...measurements.slice(first), ...measurements.slice(0, first)]) {
    if (round >= rounds) continue;
    const measured = Object.entries(measures).map(async ([name, measure]) => {
      ((results[name] ??= {})[contender] ??= []).push(await measure(browser));
    });
    await Promise.all(measured);
  }
}

const busyBefore = os.loadavg()[1];
let browserVersion;
for (let round = 0; round < loads; round++) {
  const browser = await Browser.start(certificate.keyHash);
  browserVersion = browser.version;
  try {
    await measureRound(browser, round);
  } finally {
    await browser.stop();
  }
  process.stderr.write(`bench: ${round + 1} of ${loads} rounds\n`);
}
for (const server of servers) server.close();

const run = {
  loads,
  seconds: Math.round((performance.now() - begin) / 1_000),
  machine: { cpu: os.cpus()[0].model, cores: os.cpus().length, memory: os.totalmem(), kernel: os.release() },
  load: [busyBefore, os.loadavg()[1]],
  versions: { chromium: browserVersion.replace("Chrome/", ""), node: process.versions.node },
  contenders: chosen.map((contender) => ({
    ...contender,
    version: versionOf(contender),
    pageBytes: pageBytes[contender.name],
  })),
  grownCount,
  results,
};
if (only) {
  console.log(JSON.stringify(summarize(run), null, 1));
} else {
  mkdirSync(folder, { recursive: true });
  writeFileSync(`${folder}/peers.json`, JSON.stringify(run));
  writeReport(run, loads < enoughLoads ? folder : "docs");
}
console.log(`bench: ${loads} loads of each page in ${Math.floor(run.seconds / 60)} min ${run.seconds % 60} s`);
