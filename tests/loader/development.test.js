/** Tests of pages and configs of the development server. */
import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { developmentConfig, includeRuntime } from "../../loader/npm/development.js";

const folder = mkdtempSync(join(tmpdir(), "canary-"));
after(() => rmSync(folder, { recursive: true }));

test("the runtime inserts the page's own scripts, in their order and in the place of the first", () => {
  const html = `<head><script type="module">import "/@react-refresh";</script>
<script type="module" src="/@vite/client"></script>
<!-- <script type="module" src="/old.js"></script> -->
<script src="/classic.js"></script><script type="module" src="https://cdn.example/x.js"></script>
<script type=module src=/src/a.js?t=1&amp;b></script>
<script crossorigin src='./b.js' type='module'></script><body>`;
  const page = includeRuntime(html, "/app/", { root: 'a"b' });
  const start = page.indexOf('<script type="application/json" data-canary-stable>');
  assert.equal(page.slice(0, start), html.slice(0, html.indexOf("<script type=module")));
  assert.equal(
    page.slice(start),
    `<script type="application/json" data-canary-stable>{"scripts":[{"src":"/src/a.js?t=1&b"},{"src":"./b.js"}]}</script>
<script type="module" src="/app/@canary/canary.js" data-config="/app/@canary/config.json" data-decision-budget="20000" data-root="a&quot;b"></script>
<body>`,
  );
});

test("a page without an entry stays as it is", () => {
  const html = '<script type="module" src="/@vite/client"></script><script type="module">1</script>';
  assert.equal(includeRuntime(html, "/", {}), html);
});

test("the config has its flags and no canary", () => {
  const messages = [];
  const read = (text) => {
    const file = join(folder, "config");
    if (text !== undefined) writeFileSync(file, text);
    return developmentConfig(file, (message) => messages.push(message.replace(folder, "")));
  };
  const json = '{"CANARY_PERCENTAGE": 5, "SALT": "s", "FEATURE_FLAGS": {"on": true}, "ASSETS": {}, "TELEMETRY": {}}';
  const flags = JSON.stringify({ CANARY_PERCENTAGE: 0, FEATURE_FLAGS: { on: true }, SALT: "s" });
  const block = json.replace(/^|(?<=, )/g, "\n    ").trimStart();
  for (const text of [json, `\ufeff${json}`, `data:\n  config.json: |-\n    ${block}\nkind: ConfigMap\n`]) {
    assert.equal(JSON.stringify(read(text)), flags, text);
  }
  assert.deepEqual(messages, []);
  const bare = { CANARY_PERCENTAGE: 0, FEATURE_FLAGS: {} };
  assert.deepEqual([read("{"), read("data: 1"), developmentConfig(undefined)], [bare, bare, bare]);
  assert.match(messages[0], /^canary-runtime: cannot read \/config: .*JSON.*; flags have their defaults$/);
  assert.equal(
    messages[1],
    'canary-runtime: cannot read /config: expected JSON, or a ConfigMap with "config.json: |"; flags have their defaults',
  );
});
