/** What is well-formed: flags one by one, and the config as a whole. */
import { buckets } from "./bucketing.js";
import { conditionFaults } from "./conditions.js";
import { isObject } from "./values.js";

const schemaVersion = 1;
const isBoolean = (value) => typeof value === "boolean";
const isPercentage = (value) => typeof value === "number" && buckets(value) !== null;
const isSalt = (value) => typeof value === "string" && /^[A-Za-z0-9_.-]{1,64}$/.test(value);
const isCondition = (value) => isObject(value) && !conditionFaults(value).includes("malformed");
const isWeight = (value) => Number.isInteger(value) && value >= 0 && value <= 1_000_000_000;

/** Only these members are there. */
const hasOnly = (object, names) => Object.keys(object).every((name) => names.includes(name));

/** Absent members are well-formed, whatever they would have to be. */
const areWellFormed = (object, tests) =>
  Object.entries(tests).every(([name, test]) => !Object.hasOwn(object, name) || test(object[name]));

const time = /^(\d{4})-(\d\d)-(\d\d)T([01]\d|2[0-3]):[0-5]\d:[0-5]\d(\.\d+)?(Z|[+-]([01]\d|2[0-3]):[0-5]\d)$/;

/** RFC 3339. `Date.parse` alone would take February 30 for March 2. */
function isTime(value) {
  const [, year, month, day] = (typeof value === "string" && time.exec(value)) || [];
  return month >= 1 && month <= 12 && day >= 1 && day <= new Date(Date.UTC(year, month, 0)).getUTCDate();
}

function areVariants(variants) {
  if (!isObject(variants)) return false;
  const list = Object.values(variants);
  const isVariant = (variant) =>
    isObject(variant) &&
    isWeight(variant.weight) &&
    Object.hasOwn(variant, "value") &&
    hasOnly(variant, ["weight", "value"]);
  if (Object.keys(variants).some((name) => String(name >>> 0) === name)) return false;
  return list.every(isVariant) && list.some(({ weight }) => weight > 0);
}

function isFlagRule(rule, isServed) {
  if (!isObject(rule) || !isCondition(rule.if) || conditionFaults(rule.if).includes("pattern")) return false;
  if (!hasOnly(rule, ["if", "serve", "percentage"])) return false;
  return areWellFormed(rule, { serve: isServed, percentage: isPercentage });
}

const flagMembers = ["enabled", "percentage", "salt", "default", "variants", "rules", "requires", "from", "until"];

function isFlagObject(flag) {
  // First, because other tests look into them.
  if (!areWellFormed(flag, { variants: areVariants }) || !hasOnly(flag, flagMembers)) return false;
  const { variants } = flag;
  const isServed = (value) => !variants || (typeof value === "string" && Object.hasOwn(variants, value));
  return areWellFormed(flag, {
    enabled: isBoolean,
    percentage: isPercentage,
    salt: isSalt,
    default: isServed,
    rules: (rules) => Array.isArray(rules) && rules.every((rule) => isFlagRule(rule, isServed)),
    requires: isObject,
    from: isTime,
    until: isTime,
  });
}

export const isFlagKey = (key) => isSalt(key) && !["__proto__", "constructor", "prototype"].includes(key);

export const isFlag = (flag) => isBoolean(flag) || isPercentage(flag) || (isObject(flag) && isFlagObject(flag));

function isCanaryRule(rule) {
  const served = ["canary", "stable"];
  if (!isObject(rule) || !isCondition(rule.if) || !served.includes(rule.serve)) return false;
  return hasOnly(rule, ["if", "serve", "always"]) && areWellFormed(rule, { always: isBoolean });
}

/** Whether the config can be used at all. `ASSETS` is left to the tests that load something. */
export function isUsable(config) {
  if (!isObject(config) || !isPercentage(config.CANARY_PERCENTAGE) || !isObject(config.FEATURE_FLAGS)) return false;
  return areWellFormed(config, {
    SCHEMA_VERSION: (version) => Number.isInteger(version) && version >= 1 && version <= schemaVersion,
    SALT: isSalt,
    CANARY_RULES: (rules) => Array.isArray(rules) && rules.every(isCanaryRule),
    SEGMENTS: (segments) => isObject(segments) && Object.values(segments).every(Array.isArray),
    EXPIRES_AT: isTime,
  });
}

/** The config's label; a malformed one counts as none. */
export const revisionOf = ({ REVISION }) => (Number.isInteger(REVISION) && REVISION >= 0 ? REVISION : null);
