// What the console makes of data, and its bands.

import assert from "node:assert/strict";
import { test } from "node:test";

import { model, place } from "../../canaryctl/console/model.js";
import { band, cumulated, points } from "../../canaryctl/console/statistics.js";
import { fact, length } from "../../canaryctl/console/words.js";

const metric = (more) => ({
  name: "not-ready",
  mark: "worse",
  canary: { bad: 6, of: 15 },
  stable: { bad: 4, of: 90 },
  ratio: 3.1,
  limit: 1.1,
  logE: 9,
  ...more,
});
const views = (exposed, bad) => ({ exposed, ready: exposed - bad, failed: bad, left: 0, errors: 0 });
const stratum = (engine, exposed, bad) => ({
  engine,
  device: "desktop",
  canary: views(exposed, bad),
  stable: views(100, 1),
});

test("the one thing to know has the ratio, the place and the code", () => {
  assert.equal(fact(metric(), "WebKit", "E401"), "Canary fails 3.1 times as often in WebKit; E401.");
  assert.equal(fact(metric({ ratio: null }), null, "E401"), "Canary fails in 6 of 15 views, stable in none; E401.");
  assert.equal(fact(metric({ name: "error", ratio: 12.3 }), null, "E401"), "Canary throws errors 12 times as often.");
  assert.equal(fact(metric({ mark: "ok" }), "WebKit", "E401"), null);
});

test("a place is named only if the harm is there and the views are not", () => {
  assert.equal(place([stratum("webkit", 20, 9), stratum("chromium", 80, 1)], metric()), "WebKit");
  assert.equal(place([stratum("webkit", 20, 4), stratum("chromium", 80, 16)], metric()), null);
  assert.equal(place([stratum("webkit", 90, 9), stratum("chromium", 10, 0)], metric()), null);
  assert.equal(place([stratum("webkit", 20, 9)], metric({ name: "error" })), null);
});

test("a site without a controller has a state and the next command", () => {
  const site = {
    run: "a",
    version: "2.0.0",
    percentage: 5,
    window: 5,
    through: 90,
    gaps: [],
    open: { canary: views(0, 0), stable: views(0, 0) },
    recent: { seconds: 50, views: { canary: views(0, 0), stable: views(0, 0) } },
    views: { canary: 0, stable: 0, needed: 300 },
    verdict: "no-data",
    metrics: [metric({ mark: "no data", logE: 0 })],
    lines: { hold: 4.4 },
    strata: [],
    codes: [],
    series: { minutes: [] },
  };
  const state = (more) => {
    const made = model({ now: 100, controller: null, site: { ...site, ...more } });
    return [made.state, made.command];
  };
  assert.deepEqual(state({ percentage: 0 }), ["No run", null]);
  assert.deepEqual(state({}), ["Not seen yet", null]);
  assert.deepEqual(state({ views: { canary: 10, stable: 90, needed: 300 } }), ["Collecting", null]);
  const many = { canary: 400, stable: 900, needed: 300 };
  assert.deepEqual(state({ views: many }), ["Watching", null]);
  assert.deepEqual(state({ views: many, metrics: [metric({ mark: "above", logE: 5 })] }), ["Above its limit", null]);
  assert.deepEqual(state({ views: many, verdict: "rollback" }), ["Worse", "canaryctl set 0"]);
});

test("a command has the program and the config as they were named", () => {
  const site = { percentage: 5, verdict: "rollback", views: {}, metrics: [], gaps: [], series: { minutes: [] } };
  const start = { controller: null, program: "target/release/canaryctl", config: "'my config.yaml'" };
  assert.equal(model({ ...start, now: 100, site }).command, "target/release/canaryctl set 0 --config 'my config.yaml'");
  const status = { state: "Paused by eve", command: "canaryctl rollout resume --message canaryctl" };
  assert.equal(
    model({ ...start, now: 100, controller: { status }, site: null }).command,
    "target/release/canaryctl rollout resume --message canaryctl",
  );
});

test("a band has the rate, shrinks with views, and misses a true rate in few of many runs", () => {
  assert.deepEqual(band(0, 0), [0, 1]);
  const [low, high] = band(20, 100);
  assert.ok(low < 0.2 && high > 0.2 && low > 0.08 && high < 0.37, `${low} ${high}`);
  const [narrow, wide] = band(200, 1000);
  assert.ok(narrow > low && wide < high);
  let seed = 7;
  const random = () => (seed = (seed * 48271) % 2147483647) / 2147483647;
  let missed = 0;
  for (let run = 0; run < 200; run += 1) {
    let bad = 0;
    let is = false;
    for (let of = 1; of <= 300; of += 1) {
      bad += random() < 0.1 ? 1 : 0;
      // At any look, not only at the last.
      if (of % 10 === 0) {
        const [from, to] = band(bad, of);
        is ||= from > 0.1 || to < 0.1;
      }
    }
    missed += is ? 1 : 0;
  }
  assert.ok(missed <= 10, `${missed} of 200`);
});

test("points keep all counts, and sums end with all of them", () => {
  const minutes = Array.from({ length: 1001 }, (_, index) => index);
  const arm = { exposed: minutes.map(() => 3), bad: { "not-ready": minutes.map(() => 1) } };
  const list = points({ window: 60, every: 1, minutes, canary: arm, stable: arm, set: minutes.map(() => 5) }, 200);
  assert.ok(list.length <= 200);
  const last = cumulated(list).at(-1);
  assert.deepEqual([last.canary.of, last.canary.bad, last.at], [3003, 1001, 1001 * 60]);
});

test("lengths of time are short", () => {
  assert.deepEqual([0, 89, 90, 2220, 5400, 9000].map(length), [
    "0 s",
    "89 s",
    "2 min",
    "37 min",
    "1 h 30 min",
    "2 h 30 min",
  ]);
});

test("a sentence begins with the state that the page shows", () => {
  const shown = (status) => {
    const { state, sentence } = model({ now: 0, controller: { status: { weight: 5, views: {}, ...status } } });
    return [state, sentence];
  };
  const sentence = "Collecting at 5 %: 3 of 30 canary views.";
  assert.deepEqual(shown({ state: "Collecting", sentence }), ["Collecting", sentence]);
  const unseen = shown({ state: "Collecting", cause: "not-seen", sentence: "Collecting at 5 %: no browser has it." });
  assert.deepEqual(unseen, ["Not seen yet", "Not seen yet at 5 %: no browser has it."]);
});
