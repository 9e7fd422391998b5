/** Flags: from config, context, overrides and time to details. A value that is absent is the caller's default. */
import { bucket, buckets, pickVariant } from "./bucketing.js";
import { evaluateCondition } from "./conditions.js";
import { isFlag, isFlagKey } from "./config.js";
import { every, isObject, isSame } from "./values.js";

const error = (errorCode) => ({ variant: null, reason: "ERROR", errorCode });
const keyMissing = error("TARGETING_KEY_MISSING");

export async function evaluateFlag(config, flagKey, context, overrides = {}, now = 0) {
  const flags = config.FEATURE_FLAGS;
  if (!Object.hasOwn(flags, flagKey)) return error("FLAG_NOT_FOUND");
  if (!isWellFormed(flags, flagKey) || isOnCycle(flags, flagKey)) return error("PARSE_ERROR");
  if (Object.hasOwn(overrides, flagKey)) {
    return { value: overrides[flagKey], variant: null, reason: "TARGETING_MATCH", flagMetadata: { override: true } };
  }
  const flag = asObject(flags[flagKey]);
  // A value that is absent is the same as nothing.
  const isMet = async ([name, wanted]) =>
    isSame((await evaluateFlag(config, name, context, overrides, now)).value, wanted);
  const required = Object.entries(flag.requires ?? {});
  const active = (flag.enabled ?? true) && isDue(flag, now) && (await every(required, isMet));
  if (!active) return fallback(flag, "DISABLED");
  return decide(flag, { key: context.targetingKey, salt: flag.salt ?? flagKey }, (condition) =>
    evaluateCondition(context.attributes, condition, config.SEGMENTS),
  );
}

const isWellFormed = (flags, flagKey) => isFlagKey(flagKey) && isFlag(flags[flagKey]);

/** Every form is one of the object: `true` has no conditions, a number is a percentage, `false` is 0. */
function asObject(flag) {
  if (isObject(flag)) return flag;
  return flag === true ? {} : { percentage: Number(flag) };
}

function requiredBy(flags, flagKey) {
  const known = Object.hasOwn(flags, flagKey) && isWellFormed(flags, flagKey);
  return known ? Object.keys(asObject(flags[flagKey]).requires ?? {}) : [];
}

/** Whether a flag requires itself, be it through others. */
function isOnCycle(flags, flagKey) {
  const seen = new Set();
  const ahead = requiredBy(flags, flagKey);
  for (let name = ahead.pop(); name !== undefined; name = ahead.pop()) {
    if (name === flagKey) return true;
    if (seen.has(name)) continue;
    seen.add(name);
    ahead.push(...requiredBy(flags, name));
  }
  return false;
}

/** `from` is inclusive, `until` exclusive. */
const isDue = ({ from, until }, now) =>
  (from === undefined || now >= Date.parse(from)) && (until === undefined || now < Date.parse(until));

const serveVariant = (flag, variant, reason) => ({ value: flag.variants[variant].value, variant, reason });

function serve(flag, served, reason) {
  return flag.variants ? serveVariant(flag, served, reason) : { value: served, variant: null, reason };
}

function fallback(flag, reason) {
  if (Object.hasOwn(flag, "default")) return serve(flag, flag.default, reason);
  return flag.variants ? { variant: null, reason } : { value: false, variant: null, reason };
}

async function decide(flag, { key, salt }, holds) {
  for (const rule of flag.rules ?? []) {
    if (!(await holds(rule.if))) continue;
    const split = Object.hasOwn(rule, "percentage");
    const inside = !split || (await isInside(rule.percentage, salt, key));
    if (inside === undefined) return keyMissing;
    if (!inside) continue;
    const reason = split ? "SPLIT" : "TARGETING_MATCH";
    return Object.hasOwn(rule, "serve") ? serve(flag, rule.serve, reason) : give(flag, reason, salt, key);
  }
  if (Object.hasOwn(flag, "percentage")) {
    const inside = await isInside(flag.percentage, salt, key);
    if (inside === undefined) return keyMissing;
    const reason = [0, 100].includes(flag.percentage) ? "STATIC" : "SPLIT";
    return inside ? give(flag, reason, salt, key) : fallback(flag, reason);
  }
  if (flag.variants) return give(flag, "SPLIT", salt, key);
  return flag.rules?.length > 0 ? fallback(flag, "DEFAULT") : give(flag, "STATIC", salt, key);
}

/** Nobody and everybody need no key; undefined where one is needed and there is none. */
async function isInside(percentage, salt, key) {
  if (percentage === 0 || percentage === 100) return percentage === 100;
  return key === "" ? undefined : (await bucket({ domain: "flag", salt, key })) < buckets(percentage);
}

/** What those get who are in: the variants' split, or true. */
async function give(flag, reason, salt, key) {
  if (!flag.variants) return { value: true, variant: null, reason };
  const weighted = Object.keys(flag.variants).filter((name) => flag.variants[name].weight > 0);
  if (weighted.length === 1) return serveVariant(flag, weighted[0], reason);
  if (key === "") return keyMissing;
  return serveVariant(flag, pickVariant(flag.variants, await bucket({ domain: "variant", salt, key })), reason);
}
