/** Tests of what page views leave in a browser: hold, quarantine, crash marker, reloads. */
import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";
import { takeCodes, useBrowser } from "./browser.js";
import { hasJustReloaded, loadVisitorState, recordReload, setCrashMarker } from "../../loader/storage/visitor_state.js";
import { pendingCodes } from "../../loader/util/log.js";

const settings = { holdMs: 180_000, canary: { scripts: [{ src: "/canary/main.js" }] } };
const load = () => loadVisitorState(settings);

/** The decisions that an engine is asked for, as held or not, where the canary has this version. */
function asked(state, answer = { version: "2" }) {
  const calls = [];
  state.decideWithHold((isHeld) => {
    calls.push(isHeld);
    return answer;
  });
  return calls;
}

beforeEach(() => takeCodes(pendingCodes));

test("a new browser is held nowhere, and had no canary", () => {
  useBrowser();
  const state = load();
  assert.deepEqual([state.hadCanary, state.isFallbackReload, asked(state)], [false, false, [false]]);
  assert.deepEqual(takeCodes(pendingCodes), []);
});

test("the arm is stored once", () => {
  const browser = useBrowser();
  load().recordArm("canary", 1);
  assert.deepEqual(browser.stored("canary_memory"), { arm: "canary", by: 1 });
  assert.equal(load().hadCanary, true);
  browser.store("canary_memory", { arm: "canary", by: 1, extra: 1 });
  load().recordArm("canary", 1);
  assert.deepEqual(browser.stored("canary_memory"), { arm: "canary", by: 1, extra: 1 });
});

test("a browser that loses the canary is held on stable for the hold, and no longer", () => {
  const browser = useBrowser();
  browser.store("canary_memory", { arm: "canary", by: 1 });
  load().recordArm("stable", 2);
  assert.deepEqual(takeCodes(pendingCodes), ["I114"]);
  assert.deepEqual(asked(load()), [false, true]);
  browser.now += 179_999;
  assert.deepEqual(asked(load()), [false, true]);
  browser.now += 1;
  assert.deepEqual(asked(load()), [false]);
});

test("a user whom the same config gives another arm is not held", () => {
  const browser = useBrowser();
  browser.store("canary_memory", { arm: "canary", by: 1 });
  load().recordArm("stable", 1);
  assert.deepEqual([takeCodes(pendingCodes), asked(load())], [[], [false]]);
  load().recordArm("canary", 1);
  load().recordArm("stable", 2);
  assert.deepEqual(takeCodes(pendingCodes), ["I114"]);
});

test("apps on one origin remember apart", () => {
  const browser = useBrowser();
  const stored = (config, version) => {
    const state = loadVisitorState({ holdMs: 180_000, canary: { scripts: [] }, config });
    const asked = [];
    state.decideWithHold((isHeld) => {
      asked.push(isHeld);
      return { version };
    });
    return { state, isHeld: asked.length > 1 };
  };
  const addresses = ["/shop/canary.json", "/admin/canary.json", "/shop/canary.json?app=admin"];
  const apps = addresses.map((address) => `https://shop.example${address}`);
  stored(apps[0], "2").state.quarantine("2");
  assert.deepEqual(
    apps.map((app) => stored(app, "2").isHeld),
    [true, false, false],
  );
  // The usual address of a config keeps the plain name.
  stored("https://shop.example/config/canary.json", "3").state.quarantine("3");
  assert.deepEqual(browser.stored("canary_memory").bad, ["3"]);
  assert.deepEqual(browser.stored("canary_memory:/shop/canary.json").bad, ["2"]);
  load();
});

test("several versions are quarantined, up to eight", () => {
  const browser = useBrowser();
  browser.store("canary_memory", { bad: "old" });
  const state = load();
  for (const version of ["1", "2", "2"]) state.quarantine(version);
  assert.deepEqual(browser.stored("canary_memory").bad, ["2", "1", "old"]);
  for (let version = 3; version < 20; version++) state.quarantine(String(version));
  assert.equal(browser.stored("canary_memory").bad.length, 8);
});

test("a browser that gets the canary is not held", () => {
  const browser = useBrowser();
  browser.store("canary_memory", { arm: "stable" });
  load().recordArm("canary", 1);
  assert.deepEqual([takeCodes(pendingCodes), asked(load())], [[], [false]]);
});

test("a hold that a wrong clock stored ends after the hold", () => {
  const browser = useBrowser();
  browser.store("canary_memory", { arm: "stable", until: browser.now + 1e12 });
  load();
  assert.equal(browser.stored("canary_memory").until, browser.now + 180_000);
});

test("the held decision replaces the first one", () => {
  const browser = useBrowser();
  browser.store("canary_memory", { arm: "stable", until: browser.now + 1 });
  const answer = load().decideWithHold((isHeld) => ({ decision: isHeld ? "held" : "free", version: "2" }));
  assert.deepEqual(answer, { decision: "held", version: "2" });
});

test("a quarantine is for one version, and has no end", () => {
  const browser = useBrowser();
  assert.equal(load().quarantine("2"), true);
  browser.now += 1e12;
  assert.deepEqual(asked(load(), { version: "2" }), [false, true]);
  assert.deepEqual(asked(load(), { version: "3" }), [false]);
  assert.equal(load().hadCanary, false);
});

test("a canary that the config does not describe has its address and the salt as version", () => {
  useBrowser();
  const answer = load().decideWithHold(() => ({ salt: "s" }));
  assert.equal(answer.version, "/canary/main.js s");
});

test("a crash marker quarantines its version once it is older than a start may take", () => {
  const browser = useBrowser();
  setCrashMarker("2", 8000);
  browser.now += 8000;
  load();
  assert.deepEqual([takeCodes(pendingCodes), asked(load())], [[], [false]]);
  browser.now += 1;
  load();
  assert.deepEqual(takeCodes(pendingCodes), ["E405"]);
  assert.equal(browser.stored("canary_mark"), undefined);
  assert.deepEqual(asked(load()), [false, true]);
});

test("a crash marker is removed by its own page alone", () => {
  const browser = useBrowser();
  const first = setCrashMarker("2", 8000);
  const second = setCrashMarker("2", 8000);
  first();
  assert.equal(browser.stored("canary_mark").version, "2");
  second();
  assert.equal(browser.stored("canary_mark"), undefined);
});

test("a prerendered page sets no crash marker", () => {
  const browser = useBrowser({ prerendering: true });
  setCrashMarker("2", 8000);
  assert.equal(browser.stored("canary_mark"), undefined);
});

test("the reload to stable is the same page view, once and for 30 s", () => {
  const browser = useBrowser();
  recordReload("2", true);
  browser.now += 29_999;
  assert.equal(load().isFallbackReload, true);
  assert.equal(load().isFallbackReload, false);
  recordReload("2", true);
  browser.now += 30_000;
  assert.equal(load().isFallbackReload, false);
});

test("a reload for a lost chunk is a page view of its own", () => {
  useBrowser();
  recordReload("2", false);
  assert.equal(load().isFallbackReload, false);
});

test("a version has just reloaded for 30 s, others have not", () => {
  const browser = useBrowser();
  assert.equal(hasJustReloaded("2"), false);
  assert.equal(recordReload("2", true), true);
  load();
  browser.now += 29_999;
  assert.deepEqual([hasJustReloaded("2"), hasJustReloaded("3")], [true, false]);
  browser.now += 1;
  assert.equal(hasJustReloaded("2"), false);
});

test("a storage that takes nothing is reported, and makes no state", () => {
  useBrowser({ full: "localStorage" });
  const state = load();
  state.recordArm("canary");
  assert.deepEqual(takeCodes(pendingCodes), ["E302"]);
  assert.equal(state.quarantine("2"), false);
  useBrowser({ full: "sessionStorage" });
  assert.equal(recordReload("2", true), false);
});

test("a storage that is blocked reads as empty", () => {
  useBrowser({ blocked: "localStorage" });
  const state = load();
  assert.deepEqual([state.hadCanary, state.quarantine("2"), asked(state)], [false, false, [false, true]]);
  assert.deepEqual(takeCodes(pendingCodes), []);
});

test("a damaged entry is removed, and reported", () => {
  const browser = useBrowser();
  for (const text of ["{", "[]", "7", '"canary"', "null"]) {
    localStorage.setItem("canary_memory", text);
    assert.equal(load().hadCanary, false, text);
    assert.deepEqual(takeCodes(pendingCodes), ["E303"], text);
    assert.equal(browser.stored("canary_memory"), undefined, text);
  }
});

test("nothing is stored where the user refuses", () => {
  for (const options of [{ globalPrivacyControl: true }, { cookies: { canary_consent: "no" } }]) {
    const browser = useBrowser(options);
    assert.equal(load().quarantine("2"), false);
    assert.equal(browser.stored("canary_memory"), undefined);
  }
});
