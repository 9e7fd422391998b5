/** Tests of the flags of a page, over a fake engine. */
import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";
import { useBrowser } from "./browser.js";
import { createFlagClient } from "../../loader/flags/flag_client.js";
import { createPageState } from "../../loader/page/page_state.js";

/** Flags with these answers of the engine, the events that they cause, and the calls that the engine gets. */
function createFlags(answers) {
  const page = createPageState();
  page.answered({});
  page.engineStarted({ visitor: { targetingKey: "user-1", attributes: { plan: "free" }, kind: "identified" } });
  const calls = [];
  const engine = {
    evaluate: (flagKey, context) => (calls.push(["evaluate", flagKey, context && decode(context)]), answers[flagKey]),
    identify: (context) => (calls.push(["identify", decode(context)]), engine.isIdentified),
    describe: () => ({ overridden: Object.keys(answers).filter((key) => answers[key].override) }),
    setOverride: (...values) => calls.push(["setOverride", ...values]),
    clearOverrides: () => calls.push(["clearOverrides"]),
    isIdentified: true,
  };
  const events = [];
  for (const type of ["exposure", "configurationChanged"]) page.on(type, (detail) => events.push([type, detail]));
  return { page, engine, events, calls, flags: createFlagClient(page, engine) };
}
const decode = (bytes) => JSON.parse(new TextDecoder().decode(bytes));

let browser;
beforeEach(() => (browser = useBrowser()));

test("details are the engine's answer, or the default with an error", () => {
  const { flags } = createFlags({
    on: { value: true, reason: "STATIC" },
    rank: { value: "b", variant: "v2", reason: "TARGETING_MATCH", override: true },
    gone: { reason: "ERROR", errorCode: "FLAG_NOT_FOUND" },
  });
  const details = (...args) => {
    const { value, variant, reason, errorCode, flagMetadata } = flags.details(...args);
    return [value, variant, reason, errorCode, flagMetadata];
  };
  assert.deepEqual(details("boolean", "on", false), [true, null, "STATIC", undefined, {}]);
  assert.deepEqual(details("string", "rank", "a"), ["b", "v2", "TARGETING_MATCH", undefined, { override: true }]);
  assert.deepEqual(details("string", "gone", "a"), ["a", null, "ERROR", "FLAG_NOT_FOUND", {}]);
  assert.deepEqual(details("string", "on", "a"), ["a", null, "ERROR", "TYPE_MISMATCH", {}]);
  assert.deepEqual(details("string", "trapped", "a"), ["a", null, "ERROR", "GENERAL", {}]);
  assert.equal(flags.details("string", 7, "a").errorCode, "GENERAL");
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
  assert.deepEqual(
    [calls, events],
    [[["evaluate", "split", { targetingKey: "user-2", attributes: '{"plan":"pro"}' }]], []],
  );
  for (const context of [null, 7, "user-2", { targetingKey: 7 }, { attributes: [] }, { attributes: { big: 1n } }]) {
    assert.equal(flags.evaluate("split", context, "d"), undefined);
  }
  assert.equal(calls.length, 1);
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
  const contexts = calls.map(([, { targetingKey, attributes }]) => [targetingKey, JSON.parse(attributes).plan]);
  assert.deepEqual(contexts, [
    ["user-1", "pro"],
    ["user-9", "free"],
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
  assert.deepEqual(calls, [["setOverride", "on", '{"a":1}']]);
  assert.equal(browser.lines.length, 4);
});

test("the end of one override keeps the others", () => {
  const { flags, calls } = createFlags({
    a: { value: 1, reason: "STATIC", override: true },
    b: { value: { x: 2 }, reason: "STATIC", override: true },
    c: { value: 3, reason: "STATIC" },
  });
  flags.clearOverride("a");
  const changes = calls.filter(([name]) => name !== "evaluate");
  assert.deepEqual(changes, [["clearOverrides"], ["setOverride", "b", '{"x":2}']]);
});
