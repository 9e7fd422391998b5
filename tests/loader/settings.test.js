/** Tests of the page's settings: attributes of the script tag and their defaults. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { useBrowser } from "./browser.js";
import { breaksRules, isUnlisted, pageBundle } from "../../loader/engine/asset_rules.js";
import { readSettings } from "../../loader/boot/settings.js";

/** A script tag with these attributes, such as `{ hold: "0" }` for `data-hold="0"`. */
const tag = (data, nonce = "") => ({
  nonce,
  dataset: data,
  getAttribute(name) {
    const key = name.slice(5).replace(/-(.)/g, (_, letter) => letter.toUpperCase());
    return data[key] ?? null;
  },
});

test("without a tag all settings have their defaults", () => {
  const { lines } = useBrowser();
  assert.deepEqual(readSettings(null), {
    config: "https://shop.example/config/canary.json",
    userId: "",
    origins: "",
    attributes: undefined,
    budgetMs: 1500,
    holdMs: 180_000,
    refreshSeconds: 0,
    arrivalMs: 30000,
    root: "body",
    private: false,
    nonce: "",
    stable: { scripts: [{ src: "/stable/main.js", integrity: "" }], styles: [] },
    canary: { scripts: [{ src: "/canary/main.js", integrity: "" }], styles: [] },
  });
  assert.deepEqual(lines, []);
});

test("attributes replace the defaults", () => {
  useBrowser();
  const data = {
    config: "/flags.json",
    userId: "user-7",
    origins: "https://cdn.example",
    attributes: '{"plan": "pro"}',
    decisionBudget: "500",
    hold: "0",
    refresh: "60",
    root: "#app",
    stable: "/assets/1/main.js",
    stableIntegrity: "sha384-x",
    stableStyles: " /a.css  /b.css",
    canary: "/assets/2/main.js",
  };
  const settings = readSettings(tag(data, "n0nce"));
  assert.equal(settings.config, "https://shop.example/flags.json");
  assert.deepEqual(
    [settings.userId, settings.origins, settings.root, settings.nonce],
    ["user-7", "https://cdn.example", "#app", "n0nce"],
  );
  assert.deepEqual(settings.attributes, { plan: "pro" });
  assert.deepEqual([settings.budgetMs, settings.holdMs, settings.refreshSeconds], [500, 0, 60]);
  assert.deepEqual(settings.stable, {
    scripts: [{ src: "/assets/1/main.js", integrity: "sha384-x" }],
    styles: [{ href: "/a.css" }, { href: "/b.css" }],
  });
  assert.deepEqual(settings.canary.scripts, [{ src: "/assets/2/main.js", integrity: "" }]);
});

for (const [name, key, values, fallback, range] of [
  ["data-decision-budget", "decisionBudget", ["0", "60001", "soon", "1e9"], 1500, "1 to 60000"],
  ["data-hold", "hold", ["-1", "86401", "NaN"], 180_000, "0 to 86400"],
  ["data-refresh", "refresh", ["0", "86401", "true"], 0, "1 to 86400"],
]) {
  test(`${name} outside its range is ignored, with a line`, () => {
    for (const value of values) {
      const { lines } = useBrowser();
      const { budgetMs, holdMs, refreshSeconds } = readSettings(tag({ [key]: value }));
      assert.equal({ decisionBudget: budgetMs, hold: holdMs, refresh: refreshSeconds }[key], fallback, value);
      assert.deepEqual(lines, [`[canary] I118 ${name}: expected ${range}; it is ignored`], value);
    }
  });
}

test("attributes that are no JSON object are ignored, with a line", () => {
  for (const attributes of ["{", "[]", "null", "1"]) {
    const { lines } = useBrowser();
    assert.equal(readSettings(tag({ attributes })).attributes, undefined, attributes);
    assert.deepEqual(lines, ["[canary] I118 data-attributes: expected a JSON object; it is ignored"], attributes);
  }
});

test("a config on another origin, or no address, is none", () => {
  useBrowser();
  for (const config of ["https://cdn.example/canary.json", "//cdn.example/canary.json", "http://["]) {
    assert.equal(readSettings(tag({ config })).config, "", config);
  }
});

test("a block in the page is the stable bundle", () => {
  const bundle = { scripts: [{ src: "/a.js", type: "classic" }], styles: [{ href: "/a.css" }] };
  const { lines } = useBrowser({ block: JSON.stringify(bundle) });
  assert.deepEqual(readSettings(tag({ stable: "/b.js" })).stable, bundle);
  assert.deepEqual(lines, []);
});

test("a block that is no bundle is ignored, with a line", () => {
  for (const block of [
    "{",
    "null",
    '{"scripts": []}',
    '{"scripts": [{"src": 1}]}',
    '{"scripts": [{"src": "/a.js"}], "styles": [null]}',
    '{"scripts": [{"src": "/a.js"}], "preload": {}}',
  ]) {
    const { lines } = useBrowser({ block });
    assert.equal(readSettings(tag({ stable: "/b.js" })).stable.scripts[0].src, "/b.js", block);
    assert.deepEqual(lines, ["[canary] I118 data-canary-stable: expected a bundle; it is ignored"], block);
  }
});

test("no id may be stored under the privacy control, without a consent that is required, and after a no", () => {
  for (const [isPrivate, browser, data] of [
    [false, {}, {}],
    [true, { globalPrivacyControl: true }, {}],
    [true, {}, { consent: "required" }],
    [true, {}, { consent: "" }],
    [false, { cookies: { "__Host-canary_consent": "yes" } }, { consent: "required" }],
    // Another host could have set it.
    [true, { cookies: { canary_consent: "yes" } }, { consent: "required" }],
    [true, { cookies: { "__Host-canary_consent": "no", canary_consent: "yes" } }, {}],
    [true, { cookies: { canary_consent: "no" } }, {}],
    [true, { cookies: { "__Host-canary_consent": "yes" }, globalPrivacyControl: true }, {}],
  ]) {
    useBrowser(browser);
    assert.equal(readSettings(tag(data)).private, isPrivate, JSON.stringify([browser, data]));
  }
});

test("rules for assets are words before the origins, and no answer switches them off", () => {
  useBrowser();
  for (const [data, origins] of [
    [{ integrity: "required" }, "integrity "],
    [{ integrity: "" }, "integrity "],
    [{ origins: "https://a.example", canaryBase: "/assets" }, "base:/assets https://a.example"],
    [{ integrity: "required", canaryBase: "/a/" }, "integrity base:/a/ "],
    [{ entry: "admin" }, "entry:admin "],
    [{ entry: "a.b-c_1", integrity: "", origins: "https://a.example" }, "entry:a.b-c_1 integrity https://a.example"],
    [{ entry: "" }, "entry: "],
    // It names no entry of any config, and no rule either.
    [{ entry: "a integrity" }, "entry:a%integrity "],
  ]) {
    assert.equal(readSettings(tag(data)).origins, origins);
  }
});

test("files of the canary keep the rules of the page", () => {
  const [plain, checked] = [{ src: "/assets/a.js" }, { src: "/assets/a.js", integrity: "sha256-A" }];
  const upload = { src: "/uploads/a.js", integrity: "sha256-A" };
  for (const [bundle, rules, broken] of [
    [{ scripts: [plain] }, "", false],
    [{ scripts: [plain] }, "https://integrity.example https://base:8443", false],
    [{ scripts: [checked] }, "integrity ", false],
    [{ scripts: [plain] }, "entry:admin integrity ", true],
    [{ scripts: [upload] }, "entry:admin base:/assets ", true],
    [{ scripts: [checked, plain] }, "integrity https://a.example", true],
    [{ scripts: [plain], styles: [{ href: "/assets/a.css" }] }, "base:/assets/ ", false],
    [{ scripts: [{ src: "/assetsevil/a.js" }] }, "base:/assets/ ", true],
    [{ scripts: [upload] }, "integrity base:/assets ", true],
    [{ scripts: [plain], styles: [{ href: "/uploads/a.css" }] }, "base:/assets/ ", true],
    [{ scripts: [plain] }, "base:assets/ ", true],
    [undefined, "integrity base:/assets ", false],
    [{ scripts: 5, styles: [null, { href: 7 }] }, "base:/ ", true],
  ]) {
    assert.equal(!!breaksRules(bundle, rules), broken, JSON.stringify([bundle, rules]));
  }
});

test("a page with an entry has the bundle of that name, and never that of other pages", () => {
  const [canary, admin] = [{ version: "1" }, { version: "2" }];
  const config = { ASSETS: { canary, entries: { admin } } };
  for (const [given, rules, bundle, lacksEntry] of [
    [config, "", canary, false],
    [config, "https://a.example", canary, false],
    [config, "entry:admin ", admin, false],
    [config, "entry:admin integrity ", admin, false],
    [config, "entry:shop ", undefined, true],
    [config, "entry: ", undefined, true],
    [config, "entry:constructor ", undefined, true],
    [{ ASSETS: { canary } }, "entry:admin ", undefined, true],
    [{}, "entry:admin ", undefined, true],
    [{}, "", undefined, false],
    [null, "entry:admin ", undefined, true],
    [{ ASSETS: { canary, entries: 5 } }, "entry:admin ", undefined, true],
  ]) {
    assert.deepEqual(pageBundle(given, rules), { bundle, lacksEntry }, JSON.stringify([given, rules]));
  }
});

test("files of other origins are those that the page lists", () => {
  const script = (src) => ({ scripts: [{ src: "/a.js" }, { src }] });
  for (const [bundle, rules, unlisted] of [
    [script("/b.js"), "", false],
    [script("https://cdn.example/a.js"), "", true],
    [script("https://cdn.example/a.js"), "entry:a integrity https://a.example https://cdn.example", false],
    [script("https://cdn.example:8443/a.js"), "https://cdn.example", true],
    [script("https://cdn.example.evil/a.js"), "https://cdn.example", true],
    [{ scripts: [], styles: [{ href: "https://cdn.example/a.css" }] }, "", true],
    [{ scripts: [], preload: [{ href: "https://cdn.example/a.woff2" }] }, "", true],
    [undefined, "", false],
    // The engine refuses what is malformed.
    [{ scripts: 5, styles: [null, { href: { toString: 1 } }] }, "", false],
  ]) {
    assert.equal(!!isUnlisted(bundle, rules), unlisted, JSON.stringify([bundle, rules]));
  }
});
