/** Tests of the page's events. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { createEvents } from "../../loader/page/events.js";

const microtasks = () => new Promise((resolve) => setImmediate(resolve));

test("a listener gets its own type until it leaves", () => {
  const { on, emit } = createEvents();
  const seen = [];
  const off = on("stale", (detail) => seen.push(detail));
  emit("stale", 1);
  emit("superseded", 2);
  off();
  emit("stale", 3);
  assert.deepEqual(seen, [1]);
});

test("a late listener gets kept events in their order, in a microtask", async () => {
  const { on, emit } = createEvents();
  for (const type of ["ready", "error", "exposure", "fallback", "exposure"]) emit(type, type);
  const seen = [];
  on("exposure", (detail) => seen.push(detail));
  on("ready", (detail) => seen.push(detail));
  assert.deepEqual(seen, []);
  await microtasks();
  assert.deepEqual(seen, ["exposure", "exposure", "ready"]);
});

test("a late listener does not get stale, superseded or configurationChanged", async () => {
  const { on, emit } = createEvents();
  const types = ["stale", "superseded", "configurationChanged"];
  for (const type of types) emit(type, type);
  const seen = [];
  for (const type of types) on(type, (detail) => seen.push(detail));
  await microtasks();
  assert.deepEqual(seen, []);
});

test("a late listener that has left gets nothing", async () => {
  const { on, emit } = createEvents();
  emit("ready", 1);
  const seen = [];
  on("ready", (detail) => seen.push(detail))();
  await microtasks();
  assert.deepEqual(seen, []);
});

test("a function that listens twice is called twice, and leaves once", () => {
  const { on, emit } = createEvents();
  let calls = 0;
  const count = () => (calls += 1);
  const off = on("stale", count);
  on("stale", count);
  emit("stale");
  assert.equal(calls, 2);
  off();
  emit("stale");
  assert.equal(calls, 3);
});

test("a listener that throws is reported, and affects no other", () => {
  const { on, emit } = createEvents();
  const reported = [];
  const { setTimeout } = globalThis;
  globalThis.setTimeout = (action) => {
    try {
      action();
    } catch (error) {
      reported.push(error.message);
    }
  };
  const seen = [];
  on("stale", () => {
    throw new Error("mine");
  });
  on("stale", (detail) => seen.push(detail));
  emit("stale", 1);
  globalThis.setTimeout = setTimeout;
  assert.deepEqual([reported, seen], [["mine"], [1]]);
});

test("a listener that leaves during an event is not called in it", () => {
  const { on, emit } = createEvents();
  const seen = [];
  on("stale", () => off());
  const off = on("stale", (detail) => seen.push(detail));
  emit("stale", 1);
  assert.deepEqual(seen, []);
});

test("a value that is no function is no listener, and can leave", () => {
  const { on, emit } = createEvents();
  const off = on("ready", "no function");
  emit("ready", 1);
  assert.equal(off(), undefined);
});

test("clear removes all listeners", () => {
  const { on, emit, clear } = createEvents();
  const seen = [];
  on("stale", (detail) => seen.push(detail));
  clear();
  emit("stale", 1);
  assert.deepEqual(seen, []);
});
