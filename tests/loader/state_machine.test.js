/** Tests of the lifecycle's state machine: named paths, and every path that there is. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { stateMachine, transition } from "../../loader/lifecycle/state_machine.js";

/** Sends events to a new page view, and returns the actions and states that follow. */
function walk(...events) {
  let state = "deciding";
  const done = [];
  for (const [event, facts] of events.map((event) => [event].flat())) {
    const step = transition(state, event, facts);
    if (!step) continue;
    state = step.at(-1);
    done.push(...step);
  }
  return done;
}

const paths = {
  "a fault of config or engine, or the end of the budget (rows 1 to 18, 20 to 26)": [
    ["stable", "up"],
    ["stable", "save_config", "running"],
  ],
  "a decision for stable (rows 15, 16, 19, 46)": [
    ["stable", "up"],
    ["stable", "save_config", "running"],
  ],
  "a canary that comes up": [
    ["canary", "up"],
    ["canary", "save_config", "probation"],
  ],
  "stable by the inline guard": [["preempted", "up"], ["running"]],
  "a canary of which nothing ran (rows 33, 34, 39, 40)": [
    ["canary", ["start_failed", { hasRun: false }], "up"],
    ["canary", "quarantine", "stable", "save_config", "running"],
  ],
  "a canary that threw or never came up (rows 35, 36)": [
    ["canary", ["start_failed", { hasRun: true }]],
    ["canary", "quarantine", "reloading_to_stable"],
  ],
  "a canary that threw, where no reload is allowed (row 42)": [
    ["canary", ["start_failed", { hasRun: true }], "reload_refused", "up"],
    ["canary", "quarantine", "reloading_to_stable", "stable", "save_config", "running"],
  ],
  "a canary that threw while the user was at work in it (rule 9)": [
    ["canary", ["start_failed", { hasRun: true, isTouched: true }]],
    ["canary", "quarantine", "running"],
  ],
  "a canary of which nothing ran, after the user has clicked": [
    ["canary", ["start_failed", { hasRun: false, isTouched: true }]],
    ["canary", "quarantine", "stable"],
  ],
  "a canary that crashes after it was up (row 38)": [
    ["canary", "up", "crashed"],
    ["canary", "save_config", "probation", "quarantine", "reloading_to_stable"],
  ],
  "a canary that reports its failure": [
    ["canary", "up", "gave_up"],
    ["canary", "save_config", "probation", "quarantine", "reloading_to_stable"],
  ],
  "a canary that reports its failure while the user is at work in it": [
    ["canary", "up", ["gave_up", { isTouched: true }]],
    ["canary", "save_config", "probation", "quarantine", "running"],
  ],
  "stable that reports a failure": [
    ["stable", "up", "gave_up"],
    ["stable", "save_config", "running"],
  ],
  "a lost chunk (row 41)": [
    ["stable", "up", ["chunk_lost", { isTouched: false }]],
    ["stable", "save_config", "running", "reloading"],
  ],
  "a lost chunk while the user is at work": [
    ["canary", "up", ["chunk_lost", { isTouched: true }]],
    ["canary", "save_config", "probation", "running"],
  ],
  "a lost chunk where no reload is allowed": [
    ["canary", "up", ["chunk_lost", { isTouched: false }], "reload_refused"],
    ["canary", "save_config", "probation", "reloading", "running"],
  ],
  "stable fails too, and the page is blank (row 43)": [
    ["stable", ["start_failed", { isBlank: true }]],
    ["stable", "failed"],
  ],
  "stable fails on a page that shows something by itself": [
    ["stable", ["start_failed", { isBlank: false }]],
    ["stable", "running"],
  ],
};
for (const [name, [events, done]] of Object.entries(paths)) {
  test(name, () => assert.deepEqual(walk(...events), done));
}

test("late events are ignored", () => {
  for (const late of ["canary", "stable", "preempted", "reload_refused"]) {
    for (const state of ["canary", "stable", "running", "failed"]) {
      assert.equal(transition(state, late), undefined, `${state} ${late}`);
    }
  }
  assert.deepEqual(walk("stable", "canary", "up", "canary"), ["stable", "save_config", "running"]);
});

// Every event with every combination of facts, to a depth that no page view reaches.
const events = [...new Set(Object.values(stateMachine).flatMap(Object.keys))].flatMap((event) =>
  [0, 1, 2, 3, 4, 5, 6, 7].map((bits) => [
    event,
    { hasRun: !!(bits & 1), isTouched: !!(bits & 2), isBlank: !!(bits & 4) },
  ]),
);

function* everyWalk(state, depth, done = []) {
  yield [state, done];
  if (!depth) return;
  const seen = new Set();
  for (const [event, facts] of events) {
    const step = transition(state, event, facts);
    if (!step || seen.has(`${event} ${step}`)) continue;
    seen.add(`${event} ${step}`);
    yield* everyWalk(step.at(-1), depth - 1, [...done, ...step]);
  }
}

test("no path inserts a bundle twice, or the canary after anything else", () => {
  for (const [, done] of everyWalk("deciding", 7)) {
    assert.ok(done.filter((name) => name === "canary").length <= 1, `${done}`);
    assert.ok(done.filter((name) => name === "stable").length <= 1, `${done}`);
    assert.ok(done.indexOf("canary") <= 0, `${done}`);
  }
});

test("a canary that failed is quarantined before anything else is done", () => {
  for (const [, done] of everyWalk("deciding", 7)) {
    if (done[0] !== "canary") continue;
    const other = done.findIndex((name) => ["stable", "reloading_to_stable"].includes(name));
    assert.ok(other < 0 || done.lastIndexOf("quarantine", other) >= 0, `${done}`);
  }
});

test("a config that led to a failure is not saved as good", () => {
  for (const [, done] of everyWalk("deciding", 7)) {
    const saved = done.indexOf("save_config");
    const hasFailed = ["failed", "reloading_to_stable"].some((name) => done.slice(0, saved).includes(name));
    assert.ok(saved < 0 || !hasFailed || done.includes("stable"), `${done}`);
  }
});

test("every state leads to one that has something on the screen", () => {
  const isEnd = (state) => ["running", "failed"].includes(state);
  for (const [state, steps] of Object.entries(stateMachine)) {
    assert.ok(isEnd(state) || Object.keys(steps).length, state);
  }
  for (const [state] of everyWalk("deciding", 4)) assert.ok(state in stateMachine, state);
});
