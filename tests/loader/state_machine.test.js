// The order of a page view, without a browser: `node --test tests/loader`.
import assert from "node:assert/strict";
import { test } from "node:test";
import { follow, sequence } from "../../loader/lifecycle/state_machine.js";

/** Where a page view gets by these events, and what is done on the way. */
function walk(...events) {
  let state = "deciding";
  const done = [];
  for (const [event, facts] of events.map((event) => [event].flat())) {
    const step = follow(state, event, facts);
    if (!step) continue;
    state = step.at(-1);
    done.push(...step);
  }
  return done;
}

const paths = {
  "a fault of config or module, or the end of the budget (rows 1 to 18, 20 to 26)": [["stable", "up"], ["stable", "keep", "up"]],
  "a decision for stable (rows 15, 16, 19, 46)": [["stable", "up"], ["stable", "keep", "up"]],
  "a canary that comes up": [["canary", "up"], ["canary", "keep", "live"]],
  "the guard was quicker": [["taken", "up"], ["up"]],
  "a canary of which nothing ran (rows 33, 34, 39, 40)": [
    ["canary", ["failed", { ran: false }], "up"],
    ["canary", "quarantine", "stable", "keep", "up"],
  ],
  "a canary that threw or never came up (rows 35, 36)": [
    ["canary", ["failed", { ran: true }]],
    ["canary", "quarantine", "leaving"],
  ],
  "the same where no reload is allowed (row 42)": [
    ["canary", ["failed", { ran: true }], "refused", "up"],
    ["canary", "quarantine", "leaving", "stable", "keep", "up"],
  ],
  "the same under somebody's hands (rule 9)": [
    ["canary", ["failed", { ran: true, touched: true }]],
    ["canary", "quarantine", "up"],
  ],
  "nothing of it ran, and somebody has clicked": [
    ["canary", ["failed", { ran: false, touched: true }]],
    ["canary", "quarantine", "stable"],
  ],
  "a canary that dies after it was up (row 38)": [
    ["canary", "up", "crashed"],
    ["canary", "keep", "live", "quarantine", "leaving"],
  ],
  "a part that is gone (row 41)": [
    ["stable", "up", ["outdated", { touched: false }]],
    ["stable", "keep", "up", "renewing"],
  ],
  "a part that is gone under somebody's hands": [
    ["canary", "up", ["outdated", { touched: true }]],
    ["canary", "keep", "live", "up"],
  ],
  "a part that is gone where no reload is allowed": [
    ["canary", "up", ["outdated", { touched: false }], "refused"],
    ["canary", "keep", "live", "renewing", "up"],
  ],
  "stable fails too, and nothing is on the screen (row 43)": [
    ["stable", ["failed", { blank: true }]],
    ["stable", "broken"],
  ],
  "stable fails on a page that shows something by itself": [
    ["stable", ["failed", { blank: false }]],
    ["stable", "up"],
  ],
};
for (const [name, [events, done]] of Object.entries(paths)) {
  test(name, () => assert.deepEqual(walk(...events), done));
}

test("whatever arrives late is ignored", () => {
  for (const late of ["canary", "stable", "taken", "refused"]) {
    for (const state of ["canary", "stable", "up", "broken"]) assert.equal(follow(state, late), undefined, `${state} ${late}`);
  }
  assert.deepEqual(walk("stable", "canary", "up", "canary"), ["stable", "keep", "up"]);
});

// Every way that there is, with all facts, to a depth that is more than any page view's.
const events = [...new Set(Object.values(sequence).flatMap(Object.keys))].flatMap((event) =>
  [0, 1, 2, 3, 4, 5, 6, 7].map((bits) => [event, { ran: !!(bits & 1), touched: !!(bits & 2), blank: !!(bits & 4) }]),
);

function* everyWalk(state, depth, done = []) {
  yield [state, done];
  if (!depth) return;
  const seen = new Set();
  for (const [event, facts] of events) {
    const step = follow(state, event, facts);
    if (!step || seen.has(`${event} ${step}`)) continue;
    seen.add(`${event} ${step}`);
    yield* everyWalk(step.at(-1), depth - 1, [...done, ...step]);
  }
}

test("no way leads to the canary twice, or back to it from anywhere", () => {
  for (const [, done] of everyWalk("deciding", 7)) {
    assert.ok(done.filter((name) => name === "canary").length <= 1, `${done}`);
    assert.ok(done.filter((name) => name === "stable").length <= 1, `${done}`);
    assert.ok(done.indexOf("canary") <= 0, `${done}`);
  }
});

test("a canary that failed is put out of use before anything else is done about it", () => {
  for (const [, done] of everyWalk("deciding", 7)) {
    if (done[0] !== "canary") continue;
    const other = done.findIndex((name) => ["stable", "leaving"].includes(name));
    assert.ok(other < 0 || done.lastIndexOf("quarantine", other) >= 0, `${done}`);
  }
});

test("what was wrong is never remembered as good", () => {
  for (const [, done] of everyWalk("deciding", 7)) {
    const kept = done.indexOf("keep");
    assert.ok(kept < 0 || !["broken", "leaving"].some((name) => done.slice(0, kept).includes(name)) || done.includes("stable"), `${done}`);
  }
});

test("every state leads somewhere that has something on the screen", () => {
  const isEnd = (state) => ["up", "broken"].includes(state);
  for (const [state, steps] of Object.entries(sequence)) {
    assert.ok(isEnd(state) || Object.keys(steps).length, state);
  }
  for (const [state] of everyWalk("deciding", 4)) assert.ok(state in sequence, state);
});
