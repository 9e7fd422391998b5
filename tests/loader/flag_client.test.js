/** Tests of the flags of a page, over a fake engine. */
import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";
import { useBrowser } from "./browser.js";
import { createFlagClient } from "../../loader/flags/flag_client.js";
import { clearOverride, definitionOf, describeFlags } from "../../loader/flags/flag_summary.js";
import { createPageState } from "../../loader/page/page_state.js";

/** Flags with these answers of the engine, the events that they cause, and the calls that the engine gets. */
function createFlags(answers, { query } = {}) {
  const page = createPageState();
  page.answered({});
  const calls = [];
  const config = { FEATURE_FLAGS: answers, OVERRIDES: { query } };
  const engine = {
    visitor: { targetingKey: "user-1", attributes: { plan: "free" }, kind: "identified" },
    config: () => config,
    evaluate(flagKey, context, now, targetingKey) {
      calls.push(["evaluate", flagKey, context, targetingKey]);
      if (answers[flagKey] === "trap") throw new Error("unreachable");
      return answers[flagKey] ? { variant: null, ...answers[flagKey] } : null;
    },
    setContext: (...values) => (calls.push(["setContext", ...values]), engine.isIdentified),
    setOverrides: (overrides) => calls.push(["setOverrides", Object.fromEntries(overrides)]),
    isMalformed: (flagKey) => answers[flagKey]?.isMalformed === true,
    percentage: () => 5000,
    isIdentified: true,
  };
  page.engineStarted(engine);
  const events = [];
  for (const type of ["exposure", "configurationChanged", "error"])
    page.on(type, (detail) => events.push([type, detail]));
  const flags = createFlagClient(page);
  return { page, engine, events, calls, flags };
}

let browser;
beforeEach(() => (browser = useBrowser()));

test("details are the engine's answer, or the default with an error", () => {
  const { flags } = createFlags({
    on: { value: true, reason: "STATIC" },
    rank: { value: "b", variant: "v2", reason: "TARGETING_MATCH", override: true },
  });
  const details = (...args) => {
    const { value, variant, reason, errorCode, flagMetadata } = flags.details(...args);
    return [value, variant, reason, errorCode, flagMetadata];
  };
  assert.deepEqual(details("boolean", "on", false), [true, null, "STATIC", undefined, {}]);
  assert.deepEqual(details("string", "rank", "a"), ["b", "v2", "TARGETING_MATCH", undefined, { override: true }]);
  assert.deepEqual(details("string", "gone", "a"), ["a", null, "ERROR", "FLAG_NOT_FOUND", {}]);
  assert.deepEqual(details("string", "on", "a"), ["a", null, "ERROR", "TYPE_MISMATCH", {}]);
  assert.equal(flags.details("string", 7, "a").errorCode, "FLAG_NOT_FOUND");
});

test("an engine that traps is dropped and reported once, and flags have their defaults", () => {
  const { flags, events, page } = createFlags({ bad: "trap", on: { value: true, reason: "STATIC" } });
  for (const key of ["bad", "on"]) assert.equal(flags.details("boolean", key, false).errorCode, "GENERAL");
  assert.equal(page.engine, null);
  assert.deepEqual(events, [["error", { code: "E205", message: "the engine failed" }]]);
});

test("null is of no type but its own", () => {
  const { flags } = createFlags({ nothing: { value: null, reason: "STATIC" } });
  assert.equal(flags.details("object", "nothing", {}).errorCode, "TYPE_MISMATCH");
  assert.deepEqual(
    [flags.evaluate("nothing", undefined, {}), flags.evaluate("nothing", undefined, null)],
    [undefined, null],
  );
});

test("a flag is evaluated once until something changes, and exposed once for a value", () => {
  const answers = { split: { value: "a", variant: "v1", reason: "SPLIT", bucket: 5 } };
  const { flags, events, calls } = createFlags(answers);
  for (const type of ["string", "string", "number"]) flags.details(type, "split", "d");
  const exposure = { flagKey: "split", value: "a", variant: "v1", reason: "SPLIT", bucket: 5 };
  assert.deepEqual([calls.length, events], [1, [["exposure", exposure]]]);
  answers.split = { ...answers.split, value: "b" };
  flags.changed();
  flags.details("string", "split", "d");
  answers.split = { ...answers.split, value: "a" };
  flags.changed();
  flags.details("string", "split", "d");
  const values = events.filter(([type]) => type === "exposure").map(([, { value }]) => value);
  assert.deepEqual(values, ["a", "b"]);
});

test("a value of another type exposes nobody", () => {
  const { flags, events } = createFlags({ split: { value: "a", reason: "SPLIT", bucket: 5 } });
  flags.details("number", "split", 1);
  assert.deepEqual(events, []);
});

test("another user is evaluated without an exposure, a context that is none has the default", () => {
  const { flags, events, calls } = createFlags({ split: { value: "a", reason: "SPLIT", bucket: 5 } });
  assert.equal(flags.evaluate("split", { targetingKey: "user-2", attributes: { plan: "pro" } }, "d"), "a");
  assert.equal(flags.evaluate("split", { targetingKey: "user-3" }, "d"), "a");
  assert.deepEqual(calls, [
    ["setContext", 2, "user-2", { plan: "pro" }],
    ["evaluate", "split", 2, undefined],
    ["evaluate", "split", 3, "user-3"],
  ]);
  assert.deepEqual(events, []);
  for (const context of [null, 7, "user-2", { targetingKey: 7 }, { attributes: [] }]) {
    assert.equal(flags.evaluate("split", context, "d"), undefined);
  }
  assert.equal(calls.length, 3);
});

test("attributes that JSON cannot hold give the default", () => {
  const { flags, engine } = createFlags({ split: { value: "a", reason: "SPLIT" } });
  engine.isIdentified = false;
  assert.equal(flags.evaluate("split", { attributes: { big: 1n } }, "d"), undefined);
});

test("values of the last known good config are stale", () => {
  const { page, flags } = createFlags({ on: { value: true, reason: "STATIC" }, gone: { reason: "ERROR" } });
  page.answered({ isLastKnownGood: true });
  assert.deepEqual([flags.inspect("on").reason, flags.inspect("gone").reason], ["STALE", "ERROR"]);
});

test("changed names the flags that were read and have another value", () => {
  const answers = {
    a: { value: [1], reason: "STATIC" },
    b: { value: 1, reason: "STATIC" },
    c: { value: 1, reason: "STATIC" },
  };
  const { page, flags, events } = createFlags(answers);
  let updates = 0;
  page.updatePanel = () => (updates += 1);
  for (const key of ["a", "b"]) flags.details("object", key, null);
  answers.a = { value: [2], reason: "STATIC" };
  answers.b = { value: 1, reason: "TARGETING_MATCH" };
  answers.c = { value: 2, reason: "STATIC" };
  flags.changed();
  flags.changed();
  flags.changed(true);
  assert.deepEqual(events, [
    ["configurationChanged", { flagsChanged: ["a"] }],
    ["configurationChanged", { flagsChanged: [] }],
  ]);
  assert.equal(updates, 3);
});

test("identify keeps the page's user without an id, and the page's attributes below those given", () => {
  const { flags, calls } = createFlags({});
  flags.identify(null, { plan: "pro" });
  flags.identify("user-9");
  const contexts = calls.map(([, index, targetingKey, { plan }]) => [index, targetingKey, plan]);
  assert.deepEqual(contexts, [
    [1, "user-1", "pro"],
    [1, "user-9", "free"],
  ]);
});

test("flags have their defaults while the identified user is no context", () => {
  const { flags, engine } = createFlags({ on: { value: true, reason: "STATIC" } });
  const line = "[canary] I118 identify: expected a text and a JSON object; flags have their defaults";
  flags.identify(7);
  assert.equal(flags.details("boolean", "on", false).errorCode, "INVALID_CONTEXT");
  engine.isIdentified = false;
  flags.identify("user-9");
  assert.equal(flags.details("boolean", "on", false).errorCode, "INVALID_CONTEXT");
  engine.isIdentified = true;
  flags.identify("user-9");
  assert.deepEqual([flags.details("boolean", "on", false).value, browser.lines], [true, [line, line]]);
});

test("an override that is no JSON, or for no flag, is ignored", () => {
  const { flags, calls } = createFlags({});
  flags.setOverride("on", { a: 1 });
  for (const [key, value] of [
    ["on", undefined],
    ["on", 1n],
    ["", true],
    [7, true],
  ]) {
    flags.setOverride(key, value);
  }
  assert.deepEqual(calls, [["setOverrides", { on: { a: 1 } }]]);
  assert.equal(browser.lines.length, 4);
});

test("the end of one override keeps the others", () => {
  const { page, flags, calls } = createFlags({ a: { value: 1 }, b: { value: 2 } });
  flags.setOverride("a", 1);
  flags.setOverride("b", { x: 2 });
  page.flags = flags;
  clearOverride(page, "a");
  flags.clearOverrides();
  assert.deepEqual(
    calls.map(([, overrides]) => overrides),
    [{ a: 1 }, { a: 1, b: { x: 2 } }, { b: { x: 2 } }, {}],
  );
});

test("overrides in the address apply below those of the page", () => {
  const { page, flags, calls } = createFlags({ a: {}, b: {} });
  let ofAddress = [["a", 1], ["b", [2]]]; // prettier-ignore
  page.overrides = { flags: () => ofAddress, clear: () => (ofAddress = []) };
  flags.configLoaded({ now: 7 });
  flags.setOverride("a", 3);
  flags.clearOverrides();
  assert.deepEqual(
    calls.map(([, overrides]) => overrides),
    [{ a: 1, b: [2] }, { a: 3, b: [2] }, {}],
  );
});

test("the panel gets a summary of the config", () => {
  const { flags } = createFlags({ b: { value: 1 }, a: { isMalformed: true } });
  flags.setOverride("b", 2);
  flags.setOverride("gone", 2);
  assert.deepEqual(describeFlags(flags), {
    query: false,
    percentage: 5000,
    revision: null,
    salt: "canary",
    targetingKey: "user-1",
    keys: ["a", "b"],
    overridden: ["b"],
  });
  assert.deepEqual(
    ["a", "b", "gone"].map((key) => definitionOf(flags, key)),
    [null, { value: 1 }, null],
  );
});
