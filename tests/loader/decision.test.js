/** Tests of the decision: fresh config, last known good config, end of the budget, refused config, engine faults. */
import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";
import { takeCodes, useBrowser } from "./browser.js";
import { requestDecision as request, stableAnswer } from "../../loader/boot/decision.js";
import { decideByLastKnownGood } from "../../loader/lifecycle/last_known_good.js";
import { createPageState } from "../../loader/page/page_state.js";
import { loadVisitorState } from "../../loader/storage/visitor_state.js";
import { pendingCodes } from "../../loader/util/log.js";

const minute = 60_000;
const url = "https://shop.example/config/canary.json";
const never = new Promise(() => {});
const decision = { variant: "canary", cohort: "canary", bucket: 7, reason: "SPLIT", revision: 3, eligible: true };
const stable = { ...decision, variant: "stable", cohort: "rest" };
const refusal = { ...stableAnswer().decision, errorCode: "PARSE_ERROR" };
const canary = { decision, version: "2", flags: true };

/** Answers the request for the config; `config` is what the fake engine reads, a status an error. */
function serve(config) {
  globalThis.fetch = async (_, { signal }) => {
    serve.signal = signal;
    if (typeof config === "number") return new Response("", { status: config });
    return new Response(config, { headers: { date: new Date(serve.date).toUTCString() } });
  };
}

/** A page view whose engine looks its answers up by the config's text. A text without an answer traps it. */
function createPage(answers) {
  const settings = { config: url, holdMs: 180_000, canary: { scripts: [{ src: "/canary/main.js" }] } };
  const page = createPageState();
  page.began(settings, loadVisitorState(settings));
  page.loadPatterns = async (reply) => reply;
  const asked = [];
  let loaded;
  const load = ({ bytes, now }) => {
    const text = new TextDecoder().decode(bytes);
    asked.push({ text, now });
    if (!(text in answers)) throw new Error("unreachable");
    loaded = answers[text];
    return loaded;
  };
  const decide = (kind, arm, isHeld, level) => {
    asked.push(isHeld ? "held" : (arm ?? kind) + (level ? `, token ${level}` : ""));
    return isHeld ? { ...loaded, decision: { ...stable, reason: "CACHED" } } : loaded;
  };
  const visitor = { targetingKey: "user-7", kind: "identified" };
  return { page, asked, engine: { load, decide, visitor, newDeviceId: () => "id", config: () => ({}) } };
}

/** The decision of a page whose lifecycle script has loaded. */
const requestDecision = (page, start, deadline, lifecycleLoad = Promise.resolve({ decideByLastKnownGood })) =>
  request(page, start, deadline, lifecycleLoad);

/** Decides in a new page view. */
async function decide(answers, { start, deadline = never, kind, overrides } = {}) {
  const { page, asked, engine } = createPage(answers);
  page.overrides = overrides;
  if (kind) engine.visitor.kind = kind;
  const answer = await requestDecision(page, start ?? Promise.resolve(engine), deadline);
  return { page, asked, answer, codes: takeCodes(pendingCodes) };
}

let browser;

/** A browser that saved a good config so long ago, and had this arm. */
function remember({ age, arm = "canary", text = "good" }) {
  browser.store("canary_good", { at: browser.now - age, now: browser.now - age, text });
  browser.store("canary_memory", { arm });
}

beforeEach(() => {
  browser = useBrowser();
  serve.date = browser.now;
  serve.signal = undefined;
  takeCodes(pendingCodes);
});

test("neither a config nor the last known good one is decided by without the check of its patterns", async () => {
  serve("fresh");
  remember({ age: minute });
  const { page, asked, engine } = createPage({ fresh: canary, good: canary });
  page.loadPatterns = () => Promise.reject("E201 patterns.js could not be loaded");
  const answer = await requestDecision(page, Promise.resolve(engine), never);
  assert.deepEqual([answer, asked], [stableAnswer("E201 patterns.js could not be loaded"), []]);
  assert.equal(browser.stored("canary_good").text, "good", "it may be good all the same");
});

test("the last known good config waits for the check of its patterns no longer than the budget lasts", async () => {
  serve(500);
  remember({ age: minute });
  const { page, asked, engine } = createPage({ good: canary });
  let pass;
  page.loadPatterns = (reply) => new Promise((resolve) => (pass = () => resolve(reply)));
  const deadline = new Promise((_, reject) => setTimeout(reject, 5, "E103 late"));
  const answer = await requestDecision(page, Promise.resolve(engine), deadline);
  pass();
  await new Promise((resolve) => setTimeout(resolve));
  assert.deepEqual([answer, asked], [stableAnswer(`E101 ${url} answered 500`), []], "nothing is decided late");
});

test("a config is decided by, and its arm is stored", async () => {
  serve("fresh");
  const { page, answer, asked, codes } = await decide({ fresh: canary });
  const { reply, ...rest } = answer;
  assert.deepEqual(rest, { ...canary, hasNotices: undefined });
  assert.deepEqual([reply.at, reply.now], [browser.now, browser.now]);
  assert.deepEqual(asked, [{ text: "fresh", now: browser.now }, "identified"]);
  assert.deepEqual([codes, browser.stored("canary_memory").arm], [[], "canary"]);
  assert.equal(page.visitor.targetingKey, "user-7");
});

test("a page whose entry the config lacks gets stable, counts in neither arm, and leaves the arm of other pages", async () => {
  serve("fresh");
  const lacking = { ...canary, lacksEntry: true };
  remember({ age: minute });
  const { answer, codes } = await decide({ fresh: lacking });
  assert.deepEqual([answer.decision, answer.fault, codes], [stableAnswer().decision, "E119", []]);
  assert.deepEqual(browser.stored("canary_memory"), { arm: "canary" });
  browser = useBrowser();
  const other = await decide({ fresh: { ...lacking, decision: stable } });
  assert.deepEqual([other.answer.decision, other.answer.fault], [{ ...stable, eligible: false }, undefined]);
  // The last good config is used for another fault, which is the one to report.
  serve(500);
  remember({ age: minute });
  const old = await decide({ good: lacking });
  assert.match(old.answer.fault, /^E101/);
});

test("config and engine are requested side by side", async () => {
  serve("fresh");
  let start;
  const decided = decide({}, { start: new Promise((_, reject) => (start = reject)) });
  assert.ok(serve.signal, "the config is requested before the engine has started");
  start("E202");
  await decided;
});

test("an override in the address is not stored", async () => {
  serve("fresh");
  const { answer, asked } = await decide(
    { fresh: canary },
    { overrides: { arm: "canary", tokenLevel: () => 0, isUsed: () => true } },
  );
  assert.deepEqual([answer.decision.variant, browser.stored("canary_memory")], ["canary", undefined]);
  assert.equal(asked[1], "canary");
});

test("the arm by the token of a QA link is not stored", async () => {
  serve("fresh");
  const { answer, asked } = await decide({ fresh: canary }, { overrides: { tokenLevel: () => 2, isUsed: () => true } });
  assert.deepEqual([answer.decision.variant, browser.stored("canary_memory")], ["canary", undefined]);
  assert.equal(asked[1], "identified, token 2");
});

test("the arm of an anonymous visitor is not stored", async () => {
  serve("fresh");
  await decide({ fresh: { ...canary, decision: stable } }, { kind: "anonymous" });
  assert.equal(browser.stored("canary_memory"), undefined);
});

test("a quarantined version is decided on again, as held", async () => {
  browser.store("canary_memory", { arm: "stable", bad: "2" });
  serve("fresh");
  const { answer, asked } = await decide({ fresh: canary });
  assert.deepEqual([answer.decision.reason, answer.version], ["CACHED", "2"]);
  assert.deepEqual(asked.slice(1), ["identified", "held"]);
});

test("a page view is not counted where the clocks differ by more than a day", async () => {
  for (const [hours, isCounted] of [
    [23, true],
    [25, false],
    [-25, false],
  ]) {
    serve.date = browser.now + hours * 60 * minute;
    serve("fresh");
    const { answer, codes } = await decide({ fresh: canary });
    assert.deepEqual([answer.decision.eligible, codes], [isCounted, isCounted ? [] : ["E116"]], `${hours} h`);
    assert.equal(answer.decision.variant, "canary");
  }
});

test("without a config stable loads, with the fault", async () => {
  serve(404);
  const { answer } = await decide({});
  assert.deepEqual(answer, stableAnswer(`E101 ${url} answered 404`));
});

test("at the end of the budget stable loads, and the request is aborted", async () => {
  globalThis.fetch = (_, { signal }) => {
    serve.signal = signal;
    return never;
  };
  const deadline = Promise.reject("E103 no decision within 1500 ms");
  const { answer } = await decide({}, { deadline });
  assert.deepEqual(answer, stableAnswer("E103 no decision within 1500 ms"));
  assert.equal(serve.signal.aborted, true);
});

test("an engine that comes after the budget decides nothing", async () => {
  serve("fresh");
  let start;
  const started = new Promise((resolve) => (start = resolve));
  const { page, engine, asked } = createPage({ fresh: canary });
  const answer = await requestDecision(page, started, Promise.reject("E103 late"));
  start(engine);
  await started;
  assert.deepEqual([answer.decision.variant, answer.fault, asked], ["stable", "E103 late", []]);
  assert.equal(page.engine, engine, "it is there for a refresh");
});

test("the last known good config stands in, and is not counted", async () => {
  remember({ age: 5 * minute });
  serve(500);
  const { answer, asked } = await decide({ good: canary });
  assert.deepEqual(answer.decision, { ...decision, reason: "STALE", eligible: false });
  assert.deepEqual([answer.fault, answer.isLastKnownGood, answer.version], [`E101 ${url} answered 500`, true, "2"]);
  // Its own time goes on.
  assert.deepEqual(asked, [{ text: "good", now: browser.now }, "identified"]);
});

test("the last known good config stands in at the end of the budget, if the engine has started", async () => {
  remember({ age: 5 * minute });
  globalThis.fetch = () => never;
  const { page, engine } = createPage({ good: canary });
  const answer = await requestDecision(
    page,
    Promise.resolve(engine),
    new Promise((_, reject) => setTimeout(reject, 5, "E103 late")),
  );
  assert.deepEqual([answer.decision.reason, answer.fault], ["STALE", "E103 late"]);
  const { answer: without } = await decide({ good: canary }, { start: never, deadline: Promise.reject("E103 late") });
  assert.deepEqual(without, stableAnswer("E103 late"));
  assert.equal(browser.stored("canary_good").text, "good");
});

test("without the lifecycle script the last known good config decides nothing", async () => {
  remember({ age: 5 * minute });
  serve(500);
  for (const lifecycleLoad of [Promise.reject("E201"), Promise.resolve({})]) {
    const { page, engine } = createPage({ good: canary });
    const answer = await requestDecision(page, Promise.resolve(engine), never, lifecycleLoad);
    assert.deepEqual(answer, stableAnswer(`E101 ${url} answered 500`));
  }
});

test("the last known good config never moves a browser to the canary", async () => {
  for (const arm of ["stable", null]) {
    remember({ age: minute, arm });
    serve(500);
    const { answer } = await decide({ good: canary });
    assert.deepEqual([answer.decision.variant, answer.decision.reason], ["stable", "STALE"], arm);
  }
});

test("the last known good config chooses the arm for 10 minutes and flags for a day", async () => {
  for (const [age, reason, isUsed] of [
    [10 * minute - 1, "STALE", true],
    [10 * minute, "ERROR", true],
    [1440 * minute - 1, "ERROR", true],
    [1440 * minute, "ERROR", false],
    [-1, "ERROR", false],
  ]) {
    remember({ age });
    serve(500);
    const { answer } = await decide({ good: canary });
    assert.deepEqual(
      [answer.decision.reason, answer.isLastKnownGood === true, answer.flags === true],
      [reason, isUsed, isUsed],
      age,
    );
    assert.equal(answer.decision.variant, reason === "STALE" ? "canary" : "stable", age);
  }
});

test("a refused config gives stable, its code and the reply", async () => {
  serve("bad");
  const { answer } = await decide({ bad: { code: "E105" } });
  assert.deepEqual([answer.decision, answer.code, answer.fault], [refusal, "E105", undefined]);
  assert.equal(new TextDecoder().decode(answer.refused.bytes), "bad");
  assert.deepEqual([answer.reply, browser.stored("canary_memory")], [undefined, undefined]);
});

test("a refused config keeps its code where the last known good config stands in", async () => {
  remember({ age: minute });
  serve("bad");
  const { answer } = await decide({ bad: { code: "E109" }, good: canary });
  assert.deepEqual([answer.decision.variant, answer.decision.reason, answer.code], ["canary", "STALE", "E109"]);
  const [refused, reply] = [answer.refused, answer.reply].map(({ bytes }) => new TextDecoder().decode(bytes));
  assert.deepEqual([refused, reply], ["bad", "good"]);
});

test("a last known good config that is refused is removed, with a code unless it has expired", async () => {
  for (const [code, told] of [
    ["E105", ["E303"]],
    ["E115", []],
  ]) {
    remember({ age: minute });
    serve(500);
    const { answer, codes } = await decide({ good: { code } });
    assert.deepEqual([answer, codes], [stableAnswer(`E101 ${url} answered 500`), told], code);
    assert.equal(browser.stored("canary_good"), undefined, code);
  }
});

test("an engine that does not start gives stable and its code, and leaves the last known good config", async () => {
  remember({ age: minute });
  serve("fresh");
  const { page, answer, codes } = await decide({}, { start: Promise.reject("E204") });
  assert.deepEqual([answer, codes, page.engine], [stableAnswer("E204"), [], null]);
  assert.equal(browser.stored("canary_good").text, "good");
});

test("an engine that traps is dropped, and not entered for the last known good config", async () => {
  remember({ age: minute });
  serve("trap");
  const { page, answer, asked, codes } = await decide({ good: canary });
  assert.deepEqual([answer, codes, page.engine, asked.length], [stableAnswer("E205"), [], null, 1]);
  assert.equal(browser.stored("canary_good").text, "good");
});

test("a last known good config that traps the engine is removed", async () => {
  remember({ age: minute, text: "trap" });
  serve(500);
  const { page, answer, codes } = await decide({});
  assert.deepEqual([answer, codes, page.engine], [stableAnswer(`E101 ${url} answered 500`), ["E304"], null]);
  assert.equal(browser.stored("canary_good"), undefined);
});
