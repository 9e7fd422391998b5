/** Tests of which files are a bundle's. */
import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";
import { useBrowser } from "./browser.js";
import { createOwnTest, isNetworkFailure, isThrownBy } from "../../loader/lifecycle/own_files.js";

const site = "https://shop.example";
const bundle = (...paths) => ({ scripts: paths.map((src) => ({ src })) });

beforeEach(() => {
  useBrowser();
  document.baseURI = `${site}/cart`;
});

test("the files of a bundle are those that it lists, and those beside its scripts", () => {
  const canary = { ...bundle("/assets/2/main.js"), styles: [{ href: "/css/2.css" }] };
  const isOwn = createOwnTest(canary, bundle("/assets/1/main.js"));
  for (const [text, expected] of [
    [`${site}/assets/2/main.js`, true],
    [`at f (${site}/assets/2/lazy.js:10:5)`, true],
    [`f@${site}/assets/2/lazy.js?v=1:10:5\n`, true],
    [`Unable to preload CSS for ${site}/css/2.css`, true],
    [`${site}/css/other.css`, false],
    [`${site}/assets/1/main.js`, false],
    [`${site}/assets/20/main.js`, false],
    [`${site}/cart:3:7`, false],
    ["https://ads.example/assets/2/main.js", false],
    ["chrome-extension://abc/assets/2/main.js", false],
    ["", false],
  ]) {
    assert.equal(isOwn(text), expected, text);
  }
});

test("in a folder that two bundles share, the files of the other are foreign", () => {
  const isOwn = createOwnTest(bundle("/assets/b.js"), bundle("/assets/a.js"));
  assert.deepEqual(
    ["a", "b", "lazy"].map((name) => isOwn(`${site}/assets/${name}.js`)),
    [false, true, true],
  );
});

test("the folder of a script at the root is not the bundle's, and an address may be none", () => {
  const isOwn = createOwnTest(bundle("/main.js", "http://["), bundle("http://["));
  assert.deepEqual([isOwn(`${site}/main.js`), isOwn(`${site}/other.js`)], [true, false]);
});

test("an error without any place is the bundle's, other values are not", () => {
  const isOwn = () => false;
  const error = Object.assign(new Error("boom"), { stack: "f@\n[native code]" });
  assert.equal(isThrownBy(isOwn, error), true);
  assert.equal(isThrownBy(isOwn, Object.assign(new Error("boom"), { stack: `at ${site}/cart:1:1` })), false);
  for (const value of ["boom", null, undefined, {}]) assert.equal(isThrownBy(isOwn, value), false);
});

test("failed requests are known by their messages, those of imports are none", () => {
  for (const [error, expected] of [
    [new TypeError("Failed to fetch"), true],
    [new TypeError("NetworkError when attempting to fetch resource."), true],
    [new TypeError("Load failed"), true],
    [new TypeError(`Failed to fetch dynamically imported module: ${site}/a.js`), false],
    [new Error("Failed to fetch"), false],
    ["Failed to fetch", false],
  ]) {
    assert.equal(isNetworkFailure(error), expected, String(error));
  }
});
