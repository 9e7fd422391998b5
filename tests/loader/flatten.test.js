/** Tests of values as flat lists: reading the lists again gives what `JSON.stringify` would write. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { flatten } from "../../loader/engine/flatten.js";

/** Reads one value from the lists, as the engine does. */
function read({ nodes, text }, at = 0) {
  const [kind, distance, from, to] = nodes.slice(at * 4);
  const end = at + distance;
  if (kind < 3) return { value: [null, false, true][kind], end };
  if (kind === 3) return { value: new Float64Array(Uint32Array.of(from, to).buffer)[0], end };
  if (kind === 4) return { value: new TextDecoder().decode(text.slice(from, to)), end };
  const children = [];
  for (let next = at + 1; next < end;) {
    const child = read({ nodes, text }, next);
    children.push(child.value);
    next = child.end;
  }
  if (kind === 5) return { value: children, end };
  const pairs = children.flatMap((key, index) => (index % 2 ? [] : [[key, children[index + 1]]]));
  return { value: Object.fromEntries(pairs), end };
}

test("values are what JSON would hold", () => {
  for (const value of [
    null,
    true,
    false,
    0,
    1.5e-300,
    2 ** 53,
    "",
    "é😀\ud800x",
    [],
    {},
    [[[]], [{}], 1],
    { a: undefined, b: () => 1, c: Symbol("c"), d: [undefined, () => 1, Symbol("c")], e: NaN, f: Infinity },
    { date: new Date(0), nested: { toJSON: () => ({ a: 1 }) } },
    { "": "", __proto__: { inherited: 1 }, 2: "two", 1: "one" },
    Object.fromEntries(Array.from({ length: 2000 }, (_, index) => [`key ${index}`, "text ".repeat(index % 7)])),
  ]) {
    const expected = JSON.parse(JSON.stringify(value).replaceAll("\\ud800", "\ufffd"));
    assert.deepEqual(read(flatten([value])).value, expected);
  }
});

test("roots follow each other, and values are known by their node", () => {
  const flat = flatten(["key", { a: [7] }]);
  const second = read(flat, read(flat).end);
  assert.deepEqual(second.value, { a: [7] });
  assert.deepEqual(flat.values, ["key", { a: [7] }, "a", [7], 7]);
});

test("a library's Array.prototype.toJSON is not called", () => {
  Object.defineProperty(Array.prototype, "toJSON", { value: () => "wrong", configurable: true });
  try {
    assert.deepEqual(read(flatten([[1]])).value, [1]);
  } finally {
    delete Array.prototype.toJSON;
  }
});

test("what JSON cannot hold, or the engine is too deep for, throws", () => {
  const cycle = {};
  cycle.self = cycle;
  let deep = 1;
  for (let depth = 0; depth < 65; depth++) deep = [deep];
  for (const value of [1n, [1n], cycle, deep]) assert.throws(() => flatten([value]));
  assert.equal(read(flatten([deep[0]])).end, 65);
});

test("values are frozen where it is asked for", () => {
  const value = { a: [{}] };
  flatten([value]);
  assert.equal(Object.isFrozen(value), false);
  flatten([value], true);
  assert.deepEqual([value, value.a, value.a[0]].map(Object.isFrozen), [true, true, true]);
});
