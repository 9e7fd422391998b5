/** Tests of overrides in the address, and of tokens of QA links. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { useBrowser } from "./browser.js";
import { readOverrides as read } from "../../loader/flags/overrides.js";

const hash = "sha256:8d74f7d6c47dd0b5d8cf9b3a4a3a7b3c0d5a5c5ab8ba59a4d8e7a1f5f8d8a4d5";
const flags = {
  a: 5,
  b: { variants: { x: { weight: 1, value: { c: [2] } } } },
  c: { default: "low", rules: [{ if: {}, serve: "high" }] },
  d: { rules: [{ if: {}, serve: 1 }] },
};
const config = { CANARY_PERCENTAGE: 5, FEATURE_FLAGS: flags, OVERRIDES: { query: true } };
const off = { ...config, CANARY_PERCENTAGE: 0 };
const closed = { ...config, OVERRIDES: {} };
async function readOverrides() {
  const page = {};
  await read(page);
  return page.overrides;
}
const ignored = (expected) => `E701 expected ${expected}; it is ignored`;

/** A browser at an address that records what replaces it. */
function open(search, options) {
  const browser = useBrowser({ search, ...options });
  location.hash = "#top";
  globalThis.history = { state: 7, replaceState: (...args) => (browser.replaced = args) };
  return browser;
}

test("addresses give an arm, and flags the values that they declare", async () => {
  for (const [flag, declared] of [
    ["a:true", true],
    ["a:false", true],
    ["a:1", false],
    ['a:"true"', false],
    ["a:null", false],
    ['b:{"c":[2]}', true],
    ['b:{"c":[3]}', false],
    ['b:"x"', false],
    ["b:true", false],
    ['c:"low"', true],
    ['c:"high"', true],
    ['c:"https://evil.example/"', false],
    ["c:true", false],
    ["d:1", true],
    ["d:2", false],
    ["d:false", true],
    ["toString:true", false],
  ]) {
    open(`?canary.flag=${encodeURIComponent(flag)}`);
    const overrides = await readOverrides();
    assert.equal(overrides.flags(config).length, declared ? 1 : 0, flag);
    assert.equal(overrides.notice(config) === false, declared, flag);
    assert.deepEqual([overrides.flags(off), overrides.flags(closed), overrides.flags(undefined)], [[], [], []]);
  }
  open("?canary=stable&canary=canary&canary.flag=a:true&canary.flag=a:false&canary.flag=no");
  const { arm, flags: of, clear } = await readOverrides();
  assert.deepEqual([arm, of(config)], ["stable", [["a", true]]]);
  clear("b");
  assert.deepEqual(of(config), [["a", true]]);
  clear("a");
  assert.deepEqual(of(config), []);
});

test("what is ignored is reported, without a word of the address", async () => {
  const form = "?canary=canary, ?canary=stable or ?canary.flag=KEY:JSON";
  for (const [search, where, expected] of [
    ["?canary=evil", config, form],
    ["?canary.flag=a", config, form],
    ["?canary.flag=__proto__:1", config, form],
    ["?canary=canary", closed, "OVERRIDES.query to be true for an override in the URL"],
    ["?canary=canary", off, "CANARY_PERCENTAGE above 0 for an override in the URL"],
    ["?canary.flag=a:true", off, "CANARY_PERCENTAGE above 0 for an override in the URL"],
    ["?canary.flag=gone:1", config, "an override of a flag in the config"],
    ["?canary.flag=a:1", config, "an override with a value that its flag declares"],
    ["?canary.qa=evil", config, "a token that OVERRIDES.tokens lists"],
    ["?canary.qa=", config, undefined],
  ]) {
    open(search);
    const notice = (await readOverrides()).notice(where);
    assert.equal(notice || undefined, expected && ignored(expected), search);
  }
});

test("a token leaves the address, and is kept where the config lists it", async () => {
  const listed = (token) => ({ ...closed, OVERRIDES: { tokens: [{ hash: "sha256:00" }, null, token] } });
  const digest = async (text) => Buffer.from(await crypto.subtle.digest("SHA-256", Buffer.from(text))).toString("hex");
  const own = { hash: `sha256:${await digest("qa:a-Z_0")}` };
  const browser = open("?a=%20&canary.qa=a-Z_0&b");
  const { tokenLevel, notice } = await readOverrides();
  assert.deepEqual(browser.replaced, [7, "", "/cart?a=%20&b#top"]);
  assert.equal(tokenLevel(closed), 0);
  assert.equal(browser.cookies.get("__Host-canary_qa"), undefined);
  assert.equal(tokenLevel(listed({ hash })), 0);
  assert.equal(tokenLevel(listed(own)), 1);
  assert.equal(browser.cookies.get("__Host-canary_qa"), "a-Z_0");
  assert.equal(tokenLevel(listed({ ...own, always: true })), 2);
  assert.equal(tokenLevel({ ...closed, OVERRIDES: { tokens: 5 } }), 0);
  const killed = { ...listed(own), CANARY_PERCENTAGE: 0 };
  assert.equal(notice(killed), ignored("CANARY_PERCENTAGE above 0 for an override in the URL"));
  assert.equal(notice({ ...listed({ ...own, always: true }), CANARY_PERCENTAGE: 0 }), false);

  // The cookie alone, until the config lists its token no more.
  const later = open("", { cookies: { "__Host-canary_qa": "a-Z_0", canary_qa: "evil" } });
  const kept = await readOverrides();
  assert.deepEqual([kept.tokenLevel(listed(own)), later.replaced], [1, undefined]);
  assert.equal(kept.notice(closed), ignored("a token that OVERRIDES.tokens lists"));
  assert.equal(later.cookies.get("__Host-canary_qa"), undefined);
});
