/** The wasm engine that decides and evaluates flags. This file alone knows how it is loaded and called. */
import { finalizeInit, getImports } from "engine-glue";
import { encode } from "../host.js";
import { fetchFile } from "../util/request.js";
import { hasOwn, tryOrNull } from "../util/safe.js";
import { breaksRules, isUnlisted, pageBundle } from "./asset_rules.js";
import { parseConfig } from "./config_tree.js";
import { flatten } from "./flatten.js";

/** The words for the numbers that the engine answers with, in its order. */
const arms = /** @type {const} */ (["canary", "stable"]);
const cohorts = /** @type {const} */ (["canary", "control", "rest"]);
const reasons = /** @type {const} */ (["STATIC", "SPLIT", "TARGETING_MATCH", "DEFAULT", "DISABLED", "CACHED", "ERROR"]);
const errorCodes = /** @type {const} */ ([
  "FLAG_NOT_FOUND",
  "PARSE_ERROR",
  "TARGETING_KEY_MISSING",
  "INVALID_CONTEXT",
  "GENERAL",
]);
const visitors = ["identified", "bot"];

const none = 0xffff_ffff; // stands for a flag that the config does not have
const maxFlags = 10_000;
const keyBytes = 256;

/**
 * Loads and starts the engine. Throws a code.
 *
 * @param {string} url
 * @param {string} sha256 of the file, in base64
 * @returns {Promise<Omit<Engine, "visitor">>}
 */
export async function startEngine(url, sha256) {
  if (!globalThis.WebAssembly) throw "E203";
  // It is too small to gain from streaming, which would also need the right MIME type.
  const module = await fetchFile(new URL(url, import.meta.url).href, sha256);
  try {
    // Older browsers compile no module of this size while the page waits.
    const { instance } = await WebAssembly.instantiate(module, getImports());
    // What the glue adds to the module's own functions is a conversion of their numbers.
    const exports = finalizeInit(instance);
    if (!exports.addFlag) throw "E206";
    return createEngine(exports);
  } catch (error) {
    if (!(error instanceof WebAssembly.CompileError)) throw "E206";
    throw WebAssembly.validate(module) ? "E204" : "E202";
  }
}

/**
 * @param {EngineExports} wasm
 * @returns {Omit<Engine, "visitor">}
 */
function createEngine(wasm) {
  const { memory } = wasm;
  /** @type {any} */
  let tree; // the config
  let rules = "";
  let isGuardValid = false;
  /** @type {Map<string, CompiledFlag>} */
  let compiled = new Map();
  /** @type {ReadonlyMap<string, unknown>} */
  let overrides = new Map();
  let keyBuffer = new Uint8Array();

  /** The engine's buffer for keys. It moves where the memory grows. */
  const key = () => (keyBuffer.length ? keyBuffer : (keyBuffer = new Uint8Array(memory.buffer, wasm.key(), keyBytes)));

  /**
   * Writes what the next call takes.
   *
   * @param {ReturnType<typeof flatten>} values
   * @param {string} [prefix] of the text
   * @param {ArrayLike<number>} [more] numbers
   * @returns the length of the prefix
   */
  const write = ({ nodes, text }, prefix = "", more = []) => {
    const bytes = encode(prefix);
    wasm.reserve(nodes.length + more.length, bytes.length + text.length);
    const numbers = new Uint32Array(memory.buffer, wasm.nodes(), nodes.length + more.length);
    numbers.set(nodes);
    numbers.set(more, nodes.length);
    const target = new Uint8Array(memory.buffer, wasm.text(), bytes.length + text.length);
    target.set(bytes);
    target.set(text, bytes.length);
    return bytes.length;
  };

  /** Writes a targeting key to the buffer. Returns its length, or -1 where it is too long. @param {string} text */
  const writeKey = (text) => {
    const { length } = text;
    if (length * 3 > keyBytes) return -1;
    const buffer = key();
    for (let at = 0; at < length; at++) {
      const code = text.charCodeAt(at);
      if (code > 127) {
        const bytes = encode(text);
        buffer.set(bytes);
        return bytes.length;
      }
      buffer[at] = code;
    }
    return length;
  };

  const flags = () => tree?.FEATURE_FLAGS ?? {};

  /** Gives the engine the override of a flag, if there is one. @param {CompiledFlag} flag */
  const override = (flag) => {
    // A value that is nested too deep has no effect.
    const flat = overrides.has(flag.key) && tryOrNull(() => flatten([overrides.get(flag.key)], true));
    if (!flat) return;
    write(flat);
    wasm.setOverride(flag.index);
  };

  /** The flag with a key, added with all that it requires; undefined where the config has none. @param {string} flagKey */
  const compile = (flagKey) => {
    /** @type {CompiledFlag[]} */
    const queue = [];
    const find = (/** @type {string} */ key) => {
      let flag = compiled.get(key);
      if (!flag && hasOwn(flags(), key)) {
        const definition = flags()[key];
        const variants = Object.keys(Object(Object(definition).variants));
        flag = { index: compiled.size, key, definition, variants, values: [], isMalformed: false };
        compiled.set(key, flag);
        queue.push(flag);
      }
      return flag;
    };
    const flag = find(flagKey);
    for (const next of queue) {
      const flat = flatten([next.key, next.definition], true);
      next.values = flat.values;
      const required = Object.keys(Object(Object(next.definition).requires));
      const indices = required.map((key) => find(key)?.index ?? none);
      write(flat, "", indices);
      wasm.addFlag(indices.length);
      override(next);
    }
    if (queue.length) wasm.link();
    for (const next of queue) next.isMalformed = !!wasm.isMalformed(next.index);
    return flag;
  };

  return {
    newDeviceId() {
      const random = tryOrNull(() => crypto.getRandomValues(new Uint8Array(16))) ?? [];
      return Array.from(random, (byte) => byte.toString(16).padStart(2, "0")).join("");
    },

    load({ bytes, now }, origins) {
      /** @type {any} */
      let next;
      try {
        next = parseConfig(bytes);
      } catch (code) {
        return { code: String(code) };
      }
      // Flags are given to the engine one by one, when they are asked for. Too many are given to be refused.
      const { FEATURE_FLAGS } = Object(next);
      const isObject = typeof FEATURE_FLAGS === "object" && FEATURE_FLAGS && !Array.isArray(FEATURE_FLAGS);
      const isUsual = isObject && Object.keys(FEATURE_FLAGS).length <= maxFlags;
      const top = isUsual ? { ...next, FEATURE_FLAGS: {} } : next;
      const { bundle } = pageBundle(next, origins);
      if (breaksRules(bundle, origins) || isUnlisted(bundle, origins)) return { code: "E113" };
      write(flatten([top]));
      const answer = wasm.load(now);
      const number = answer % 1000;
      if (number) return { code: `E${number}` };
      tree = next;
      rules = origins;
      compiled = new Map();
      isGuardValid = answer >= 2000;
      return { hasNotices: answer % 2000 >= 1000 };
    },

    setContext(context, targetingKey, attributes) {
      const flat = tryOrNull(() => flatten([attributes]));
      return !!flat && !!wasm.setContext(context, write(flat, targetingKey));
    },

    decide(visitor, arm, isHeld, tokenLevel) {
      const requested = arms.indexOf(/** @type {any} */ (arm)) + 1;
      const number = wasm.decide(visitors.indexOf(visitor) >>> 0, requested, isHeld, tokenLevel);
      const { GUARD, SALT = "canary", REVISION, TELEMETRY } = tree;
      const { bundle, lacksEntry } = pageBundle(tree, rules);
      const errorCode = errorCodes[(number >> 6) & 7];
      const decision = {
        variant: arms[number & 1],
        cohort: cohorts[(number >> 1) & 3],
        bucket: (number >> 10) & 1 ? wasm.bucket() : null,
        reason: reasons[(number >> 3) & 7],
        ...(errorCode && { errorCode }),
        revision: Number.isSafeInteger(REVISION) && REVISION >= 0 ? REVISION : null,
        eligible: !!((number >> 9) & 1),
      };
      return /** @type {EngineAnswer} */ ({
        decision,
        bundle,
        lacksEntry,
        version: bundle?.version,
        salt: SALT,
        guard: isGuardValid ? GUARD : undefined,
        flags: Object.keys(flags()).length > 0,
        telemetry: (number >> 11) & 1 ? TELEMETRY : undefined,
      });
    },

    evaluate(flagKey, context, now, targetingKey) {
      const flag = compiled.get(flagKey) ?? compile(flagKey);
      if (!flag) return null;
      let length = -1;
      if (targetingKey !== undefined) {
        length = writeKey(targetingKey);
        if (length < 0) wasm.setContext(context, write(flatten([]), targetingKey));
      }
      const number = wasm.evaluate(flag.index, context, length, now);
      const value = number >>> 8;
      const isOverridden = !!(number & 64);
      return {
        value: isOverridden
          ? overrides.get(flagKey)
          : value > 2
            ? flag.values[value - 3]
            : value
              ? value === 2
              : undefined,
        variant: flag.variants[wasm.variant()] ?? null,
        reason: /** @type {Reason} */ (reasons[number & 7]),
        errorCode: errorCodes[(number >> 3) & 7],
        bucket: number & 128 ? wasm.bucket() : undefined,
        override: isOverridden,
      };
    },

    setOverrides(values) {
      overrides = values;
      wasm.clearOverrides();
      compiled.forEach(override);
    },

    isMalformed: (flagKey) => !!compile(flagKey)?.isMalformed,

    hasMalformed: (flagKeys) =>
      flagKeys.some((flagKey) => {
        const definition = flags()[flagKey];
        // Those that require others are added, because a cycle is a fault of them all.
        if (compiled.has(flagKey) || Object(definition).requires) return compile(flagKey)?.isMalformed;
        write(flatten([flagKey, definition], true));
        return !wasm.checkFlag();
      }),

    config: () => tree,
    percentage: () => wasm.percentage(),
  };
}
