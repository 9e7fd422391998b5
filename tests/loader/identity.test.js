/** Tests of the device id and the consent: names of cookies on https and http, and those of earlier versions. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { takeCodes, useBrowser } from "./browser.js";
import { ensureDeviceId, eraseVisitor, loadConsent, loadDeviceId, saveConsent } from "../../loader/storage/identity.js";
import { pendingCodes } from "../../loader/util/log.js";

const names = (browser) => [...browser.cookies.keys()];

test("on https the names have the prefix that no other host can set", () => {
  const browser = useBrowser();
  assert.equal(ensureDeviceId(() => "made"), "made"); // prettier-ignore
  assert.deepEqual(names(browser), ["__Host-canary_id"]);
  assert.equal(localStorage.getItem("canary_id"), "made");
  saveConsent(true);
  assert.equal(browser.cookies.get("__Host-canary_consent"), "yes");
  eraseVisitor();
  assert.deepEqual([names(browser), loadDeviceId()], [["__Host-canary_consent"], undefined]);
  assert.deepEqual(takeCodes(pendingCodes), []);
});

test("on http the names have no prefix", () => {
  const browser = useBrowser();
  location.protocol = "http:";
  ensureDeviceId(() => "made");
  saveConsent(true);
  assert.deepEqual(names(browser), ["canary_id", "canary_consent"]);
  assert.equal(loadConsent(), "yes");
});

test("an id of an earlier version is read once, below the new one and the copy", () => {
  const browser = useBrowser({ cookies: { canary_id: "old" } });
  assert.equal(ensureDeviceId(() => "made"), "old"); // prettier-ignore
  assert.deepEqual([...browser.cookies], [["__Host-canary_id", "old"]]);
  browser.cookies.set("canary_id", "evil");
  assert.equal(ensureDeviceId(() => "made"), "old"); // prettier-ignore
  browser.cookies.clear();
  browser.cookies.set("canary_id", "evil");
  assert.equal(ensureDeviceId(() => "made"), "old"); // prettier-ignore
  assert.deepEqual(takeCodes(pendingCodes), []);
});

test("a consent of another host does not count, but a refusal does", () => {
  useBrowser({ cookies: { canary_consent: "yes" } });
  assert.equal(loadConsent(), undefined);
  useBrowser({ cookies: { canary_consent: "no" } });
  assert.equal(loadConsent(), "no");
  // Earlier versions stored the answer in localStorage, too.
  useBrowser({ cookies: { canary_consent: "yes" } });
  localStorage.setItem("canary_consent", "yes");
  assert.equal(loadConsent(), "yes");
  useBrowser({ cookies: { "__Host-canary_consent": "no", canary_consent: "yes" } });
  assert.equal(loadConsent(), "no");
});
