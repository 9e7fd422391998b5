/** Tests of the page's state and of its public object. */
import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";
import { useBrowser } from "./browser.js";
import { createCanary } from "../../loader/page/canary_object.js";
import { createPageState } from "../../loader/page/page_state.js";

const decision = { variant: "canary", cohort: "canary", bucket: 7, reason: "SPLIT", revision: 3, eligible: true };
const exposure = { flagKey: null, value: "canary", variant: "canary", reason: "SPLIT", bucket: 7 };

/** A page view that has its answer, and the events that it emits. */
function createPage({ answer = {}, isFallbackReload = false } = {}) {
  const page = createPageState();
  page.began({ userId: "" }, { isFallbackReload });
  page.answered(answer);
  const events = [];
  for (const type of ["ready", "exposure", "error"]) page.on(type, (detail) => events.push([type, detail]));
  return { page, events };
}

let browser;
beforeEach(() => (browser = useBrowser()));

test("a decision resolves ready, and is emitted before its exposure", async () => {
  const { page, events } = createPage();
  page.decided(decision);
  assert.equal(await page.ready, decision);
  assert.deepEqual(events, [
    ["ready", decision],
    ["exposure", exposure],
  ]);
  assert.deepEqual(
    document.events.map(({ type, detail }) => [type, detail]),
    [["canary:ready", decision]],
  );
});

test("nobody is exposed without a bucket, or in the reload after a fallback", () => {
  for (const [bucket, isFallbackReload] of [
    [null, false],
    [7, true],
  ]) {
    const { page, events } = createPage({ isFallbackReload });
    page.decided({ ...decision, bucket });
    assert.deepEqual(
      events.map(([type]) => type),
      ["ready"],
    );
  }
});

test("a prerendered page is exposed when it is shown", () => {
  browser = useBrowser({ prerendering: true });
  const { page, events } = createPage();
  page.decided(decision);
  assert.deepEqual(
    events.map(([type]) => type),
    ["ready"],
  );
  const [[type, show]] = document.listeners;
  show();
  assert.deepEqual([type, events.at(-1)], ["prerenderingchange", ["exposure", exposure]]);
});

test("flags have their defaults until they are there, with the reason why", () => {
  const { page } = createPage();
  const canary = createCanary(page);
  const errorCode = () => canary.getStringDetails("f", "d").errorCode;
  assert.deepEqual(canary.getStringDetails("f", "d"), {
    flagKey: "f",
    value: "d",
    variant: null,
    reason: "ERROR",
    errorCode: "PROVIDER_NOT_READY",
    flagMetadata: {},
  });
  assert.deepEqual([canary.getNumberValue("f", 1), canary.evaluate("f", 2)], [1, 2]);
  page.answered({ flags: false });
  page.decided(decision);
  assert.equal(errorCode(), "FLAG_NOT_FOUND");
  page.answered({ flags: true });
  page.decided(decision);
  assert.equal(errorCode(), "GENERAL");
});

test("calls that need the flags wait for them, in their order", () => {
  const { page } = createPage();
  const canary = createCanary(page);
  const calls = [];
  const record =
    (name) =>
    (...values) =>
      void calls.push([name, ...values]);
  canary.identify("user-7", { plan: "pro" });
  canary.setOverride("f", true);
  page.flagsLoaded({
    identify: record("identify"),
    setOverride: record("setOverride"),
    clearOverrides: record("clearOverrides"),
  });
  canary.clearOverrides();
  assert.deepEqual(calls, [["identify", "user-7", { plan: "pro" }], ["setOverride", "f", true], ["clearOverrides"]]);
});

test("a fault is a console line and an event, in the message of the lifecycle script where there is one", () => {
  const { page, events } = createPage();
  page.report("E205", "stable loads", "error");
  page.messages = { E205: "the engine failed" };
  page.report("E205", "stable loads", "error");
  page.report("E101 /c answered 404", "stable loads");
  assert.deepEqual(browser.lines, [
    "[canary] E205 ; stable loads",
    "[canary] E205 the engine failed; stable loads",
    "[canary] E101 /c answered 404; stable loads",
  ]);
  assert.deepEqual(events.at(-1), ["error", { code: "E205", message: "the engine failed" }]);
  assert.equal(events.length, 2);
});

test("a page is stale from a fault or a refused config on, until a refresh succeeds", () => {
  for (const [answer, fault, isStale] of [
    [{}, undefined, false],
    [{}, "E101 x", true],
    [{ code: "E105" }, undefined, true],
  ]) {
    const { page } = createPage({ answer });
    page.decided(decision, fault);
    assert.equal(page.isStale, isStale);
    page.refreshFailed();
    assert.equal(page.isStale, true);
    page.configRefreshed();
    assert.equal(page.isStale, false);
  }
});

test("flags are those of the last known good config until a refresh succeeds", () => {
  const { page } = createPage({ answer: { isLastKnownGood: true } });
  assert.equal(page.isLastKnownGood, true);
  page.configRefreshed();
  assert.deepEqual([page.isLastKnownGood, page.answer.isLastKnownGood], [false, true]);
});

test("stop runs all cleanups and removes all listeners; a later cleanup runs at once", () => {
  const { page, events } = createPage();
  const calls = [];
  page.onStop(() => calls.push(1));
  page.onStop(() => calls.push(2));
  page.stop();
  page.stop();
  page.onStop(() => calls.push(3));
  page.emit("ready", decision);
  assert.deepEqual([calls, events], [[1, 2, 3], []]);
});

test("consent stores an id by the engine; a withdrawal deletes it and makes the visitor anonymous", () => {
  const { page } = createPage();
  const canary = createCanary(page);
  canary.setConsent(true);
  assert.deepEqual([...browser.cookies], [["__Host-canary_consent", "yes"]], "without an engine there is no id");
  page.engineStarted({ newDeviceId: () => "id-1", visitor: { targetingKey: "", kind: "identified" } });
  canary.setConsent(true);
  assert.equal(browser.cookies.get("__Host-canary_id"), "id-1");
  canary.setConsent("yes");
  assert.deepEqual([...browser.cookies], [["__Host-canary_consent", "no"]]);
  assert.equal(page.visitor.kind, "anonymous");
  assert.match(browser.lines.at(-1), /I801/);
});

test("consent stores no id where the page has a user id, or under the privacy control", () => {
  for (const [userId, options] of [
    ["user-7", {}],
    ["", { globalPrivacyControl: true }],
  ]) {
    browser = useBrowser(options);
    const { page } = createPage();
    page.began({ userId }, {});
    page.engineStarted({ newDeviceId: () => "id-1", visitor: {} });
    createCanary(page).setConsent(true);
    assert.equal(browser.cookies.get("__Host-canary_id"), undefined, userId);
  }
});
