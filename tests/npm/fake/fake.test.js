// @vitest-environment jsdom
import { canary } from "canary-runtime";
import { useCanary, useFlag } from "canary-runtime/react";
import { installFakeCanary, testConfig } from "canary-runtime/testing";
import { act, createElement as h } from "react";
import { createRoot } from "react-dom/client";
import { afterEach, expect, test, vi } from "vitest";

globalThis.IS_REACT_ACT_ENVIRONMENT = true;
let fake;
afterEach(() => fake.uninstall());

test("flags have the values that a test sets", () => {
  fake = installFakeCanary({ flags: { on: true, theme: { accent: "blue" }, size: 2 } });
  expect(canary.getBooleanValue("on", false)).toBe(true);
  expect(canary.getStringDetails("on", "d")).toMatchObject({ value: "d", errorCode: "TYPE_MISMATCH" });
  expect(canary.getNumberDetails("gone", 1)).toMatchObject({ value: 1, reason: "ERROR", errorCode: "FLAG_NOT_FOUND" });
  expect(canary.evaluate("size", 1)).toBe(2);
  const theme = canary.getObjectValue("theme", {});
  expect(Object.isFrozen(theme) && theme === canary.getObjectValue("theme", {})).toBe(true);
});

test("changes emit events, and reset takes them back", () => {
  fake = installFakeCanary({ flags: { on: true, size: 2 } });
  const changed = vi.fn();
  const off = canary.on("configurationChanged", changed);
  fake.setFlags({ on: false, size: 2 });
  canary.setOverride("size", 3);
  canary.identify("user-1", { plan: "pro" });
  expect(canary.getNumberDetails("size", 1)).toMatchObject({ value: 3, flagMetadata: { override: true } });
  expect(fake.user).toEqual({ userId: "user-1", attributes: { plan: "pro" } });
  fake.reset();
  expect([canary.getBooleanValue("on", false), canary.getNumberValue("size", 1), fake.user]).toEqual([true, 2, null]);
  expect(changed.mock.calls).toEqual([["on"], ["size"], ["on", "size"]].map((flagsChanged) => [{ flagsChanged }]));
  off();
  fake.setFlags({ on: false });
  expect(changed).toHaveBeenCalledTimes(3);
});

test("the decision can be set", async () => {
  fake = installFakeCanary({ decision: { variant: "canary", bucket: 7 } });
  expect(await canary.ready).toMatchObject({ variant: "canary", cohort: "canary", bucket: 7 });
  const heard = [];
  canary.on("ready", ({ variant }) => heard.push(variant));
  canary.on("stale", ({ code }) => heard.push(code));
  await null;
  fake.setDecision({ variant: "stable", cohort: "rest" });
  fake.emit("stale", { code: "E409", message: "a chunk is gone" });
  expect(heard).toEqual(["canary", "stable", "E409"]);
});

test("hooks follow the fake", async () => {
  fake = installFakeCanary({ flags: { on: true } });
  const Reader = () => h("p", null, `${useFlag("on", false)} ${useCanary()?.variant}`);
  const root = createRoot(document.body);
  await act(async () => root.render(h(Reader)));
  expect(document.body.textContent).toBe("true stable");
  await act(() => fake.setFlags({ on: false }));
  expect(document.body.textContent).toBe("false stable");
  await act(() => root.unmount());
});

test("the fake needs nothing outside of its function", () => {
  const install = new Function(`return (${installFakeCanary})`)();
  fake = install({ flags: { on: true } });
  expect(canary.getBooleanValue("on", false)).toBe(true);
  fake.uninstall();
  expect(canary.getBooleanDetails("on", false).errorCode).toBe("PROVIDER_NOT_READY");
});

test("the fake has the members of the runtime", () => {
  fake = installFakeCanary();
  const own = ["user", "emit", "setFlags", "setDecision", "reset", "uninstall"];
  expect(Object.keys(fake).filter((name) => !own.includes(name)).sort()).toEqual(Object.keys(canary).sort());
});

test("a config for pages with the real runtime", () => {
  fake = installFakeCanary();
  const flag = { rules: [{ if: {}, serve: "v2" }], default: "v2" };
  expect(testConfig({ ranking: "v2" })).toEqual({ CANARY_PERCENTAGE: 0, FEATURE_FLAGS: { ranking: flag } });
});
