/** Tests of the config as the browser parses it: the checks that `JSON.parse` does not make. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { parseConfig } from "../../loader/engine/config_tree.js";

const encode = (text) => new TextEncoder().encode(text);

/** The code for which a text is rejected, or "" for a config. */
function codeOf(text) {
  try {
    parseConfig(typeof text === "string" ? encode(text) : text);
    return "";
  } catch (code) {
    return code;
  }
}

const nested = (depth) => "[".repeat(depth) + "]".repeat(depth);

test("a config is parsed, also after a byte order mark", () => {
  assert.deepEqual(parseConfig(encode('\ufeff {"a": [1, {"b": null}], "a:": "\\":"}')), {
    a: [1, { b: null }],
    "a:": '":',
  });
});

test("what is no config has a code", () => {
  for (const [text, code] of [
    ["", "E105"],
    ["{", "E105"],
    ['{"a": NaN}', "E105"],
    ['{"a": 1e999}', "E105"],
    ['{"a": [-1e999]}', "E105"],
    [Uint8Array.of(0x22, 0xff, 0x22), "E105"],
    ["<!doctype html>", "E104"],
    [" \r\n\t<html>", "E104"],
    [nested(64), ""],
    [nested(65), "E107"],
    [`{"a": ${nested(63)}}`, ""],
    [`{"a": ${nested(64)}}`, "E107"],
  ]) {
    assert.equal(codeOf(text), code, String(text).slice(0, 40));
  }
  assert.match(codeOf(nested(100_000)), /^E10[57]$/);
});

test("equal keys in an object are rejected, others are not", () => {
  for (const text of [
    '{"a": 1, "a": 1}',
    '{"a": 1, "\\u0061": 1}',
    '{"a": {"b": [{"c" : 1, "c"\n:2}]}}',
    '{"__proto__": 1, "__proto__": 2}',
    '{"1": 1, "1": 2}',
    '{"": 1, "": 2}',
    '{"a\\":": 1, "a\\":": 2}',
  ]) {
    assert.equal(codeOf(text), "E108", text);
  }
  for (const text of [
    '{"a": {"a": {"a": "a"}}, "b": [{"a": 1}, {"a": 1}]}',
    '["a", ":", "b", ": ", "\\\\", ":"]',
    '{"a": "\\\\\\": \\"b\\": 1", "b": "x\\\\"}',
    '{"__proto__": 1, "constructor": 2}',
    '{"2": 1, "1": 1}',
  ]) {
    assert.equal(codeOf(text), "", text);
  }
});
