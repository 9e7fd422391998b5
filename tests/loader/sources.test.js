/** Tests of the loader's files: a description at the top, and no circle of imports. */
import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("../../loader", import.meta.url));
const files = readdirSync(root, { recursive: true, withFileTypes: true })
  .filter((entry) => entry.isFile() && /\.(js|ts)$/.test(entry.name))
  .map((entry) => join(entry.parentPath ?? entry.path, entry.name))
  .filter((file) => !file.includes("node_modules"));
const sources = new Map(files.map((file) => [relative(root, file), readFileSync(file, "utf8")]));

test("every file starts with a description", () => {
  assert.ok(sources.size > 30);
  for (const [file, source] of sources) assert.match(source, /^(\/\*\*\s[^@]|\/\/ )/, file);
});

test("scripts are built for the oldest browsers that the package names", () => {
  const { browserslist } = JSON.parse(readFileSync(join(root, "npm/package.json"), "utf8"));
  const [, targets] = /--target=(\S+) --log/.exec(readFileSync(join(root, "../scripts/pack"), "utf8"));
  assert.equal(browserslist.map((browser) => browser.replace(" >= ", "")).join(), targets);
  const { compilerOptions } = JSON.parse(readFileSync(join(root, "tsconfig.json"), "utf8"));
  assert.equal(compilerOptions.lib[0], "es2021", "no method is newer than the syntax");
});

test("the names that scripts/pack shortens are of objects that no page, config or module sees", () => {
  const pack = readFileSync(join(root, "../scripts/pack"), "utf8");
  const internal = [...pack.matchAll(/^internal\+?='\|?([^']*)'/gm)].flatMap(([, names]) => names.split("|"));
  assert.ok(internal.length > 30);
  const declared = readFileSync(join(root, "types.d.ts"), "utf8");
  const [, exported] = /interface EngineExports \{(.*?)\n\}/s.exec(declared);
  const keywords = readFileSync(join(root, "../src/json/keyword.rs"), "utf8");
  const published = readFileSync(join(root, "npm/canary.d.ts"), "utf8");
  for (const name of internal) {
    assert.match(declared, new RegExp(`^ +${name}\\??[:(]`, "m"), name);
    for (const text of [exported, published])
      assert.doesNotMatch(text, new RegExp(`^ +(readonly )?${name}\\??[:(]`, "m"), name);
    assert.doesNotMatch(keywords, new RegExp(`"${name}"`), name);
  }
});

test("imports have no circle", () => {
  const imports = new Map(
    [...sources].map(([file, source]) => [
      file,
      [...source.matchAll(/^(?:import|export)\b[^;]*? from "(\.[^"]+)";/gms)].map(([, target]) =>
        relative(root, resolve(root, dirname(file), target)),
      ),
    ]),
  );
  const visit = (file, path) => {
    assert.ok(!path.includes(file), [...path, file].join(" -> "));
    for (const target of imports.get(file) ?? []) visit(target, [...path, file]);
  };
  assert.ok(imports.get("canary.js").includes("boot/boot.js"), "imports are found");
  for (const file of sources.keys()) visit(file, []);
});
