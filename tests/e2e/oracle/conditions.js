/** Conditions with the semantics of GrowthBook's JavaScript SDK. Promises throughout, because a hash is one. */
import { sha256 } from "./bucketing.js";
import { isPortable, matches } from "./patterns.js";
import { comparable, every, isObject, isSame, some, toNumber, toText, typeName, valueAt, versionText } from "./values.js";

/** An object that compares, and is no value to be compared with: one with names beside its operators is a value. */
const isOperators = (value) =>
  isObject(value) && Object.keys(value).length > 0 && Object.keys(value).every((key) => key[0] === "$");

export function evaluateCondition(attributes, condition, segments = {}) {
  const holds = (part) => evaluateCondition(attributes, part, segments);
  const any = async (parts) => parts.length === 0 || (await some(parts, holds));
  return every(Object.entries(condition), async ([key, operand]) => {
    if (key === "$and") return every(operand, holds);
    if (key === "$or") return any(operand);
    if (key === "$nor") return !(await any(operand));
    if (key === "$not") return !(await holds(operand));
    return compare(operand, valueAt(attributes, key), segments);
  });
}

async function compare(condition, value, segments, fold = false) {
  if (typeof condition === "string") {
    return fold ? toText(value).toLowerCase() === condition.toLowerCase() : toText(value) === condition;
  }
  if (typeof condition === "number") return toNumber(value) === condition;
  if (typeof condition === "boolean") return value !== null && Boolean(value) === condition;
  if (!isOperators(condition)) return isSame(value, condition);
  return every(Object.entries(condition), ([name, operand]) =>
    Object.hasOwn(operators, name) && operators[name](value, operand, segments),
  );
}

const folded = (value) => (typeof value === "string" ? value.toLowerCase() : value);
const elements = (value) => (Array.isArray(value) ? value : [value]);
const isIn = (value, list, fold = (same) => same) =>
  elements(value).some((one) => list.some((other) => fold(one) === fold(other)));
const order = (holds) => (value, operand) => holds(...comparable(value, operand));
const version = (holds) => (value, operand) => holds(versionText(value), versionText(operand));
const hasAll = (fold) => async (value, operand, segments) =>
  Array.isArray(value) &&
  Array.isArray(operand) &&
  every(operand, (wanted) => some(value, (element) => compare(wanted, element, segments, fold)));
const regex = (ignoreCase) => (value, pattern) => isPortable(pattern) && matches(pattern, toText(value), ignoreCase);

async function isInSegment(value, name, segments) {
  const list = Object.hasOwn(segments, name) ? segments[name] : [];
  const isHash = (entry) => typeof entry === "string" && /^sha256:[0-9a-f]{64}$/.test(entry);
  const [hashes, plain] = [list.filter(isHash), list.filter((entry) => !isHash(entry))];
  const isHashed = async (one) => hashes.length > 0 && hashes.includes(await entryHash(name, one));
  return isIn(value, plain) || some(elements(value), isHashed);
}

async function entryHash(name, value) {
  const bytes = new Uint8Array(await sha256(`segment:${name}:${toText(value)}`));
  return `sha256:${[...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("")}`;
}

async function matchesElement(value, operand, segments) {
  const holds = isOperators(operand)
    ? (element) => compare(operand, element, segments)
    : (element) => evaluateCondition(element, operand, segments);
  // Falsy elements are passed over, 0 and "" among them.
  return Array.isArray(value) && isObject(operand) && some(value.filter(Boolean), holds);
}

const operators = {
  $eq: (value, operand) => value === operand,
  $ne: (value, operand) => value !== operand,
  $lt: order((left, right) => left < right),
  $lte: order((left, right) => left <= right),
  $gt: order((left, right) => left > right),
  $gte: order((left, right) => left >= right),
  $veq: version((left, right) => left === right),
  $vne: version((left, right) => left !== right),
  $vlt: version((left, right) => left < right),
  $vlte: version((left, right) => left <= right),
  $vgt: version((left, right) => left > right),
  $vgte: version((left, right) => left >= right),
  $in: (value, operand) => Array.isArray(operand) && isIn(value, operand),
  $nin: (value, operand) => Array.isArray(operand) && !isIn(value, operand),
  $ini: (value, operand) => Array.isArray(operand) && isIn(value, operand, folded),
  $nini: (value, operand) => Array.isArray(operand) && !isIn(value, operand, folded),
  $all: hasAll(false),
  $alli: hasAll(true),
  $inGroup: isInSegment,
  $notInGroup: async (...given) => !(await isInSegment(...given)),
  $exists: (value, operand) => Boolean(operand) === (value !== null),
  $type: (value, operand) => typeName(value) === operand,
  $size: async (value, operand, segments) => Array.isArray(value) && compare(operand, value.length, segments),
  $elemMatch: matchesElement,
  $not: async (value, operand, segments) => !(await compare(operand, value, segments)),
  $regex: regex(false),
  $regexi: regex(true),
};

/** What is wrong with a condition, whatever the attributes: some of "malformed", "operator", "pattern". */
export function conditionFaults(condition) {
  if (!isObject(condition)) return ["malformed"];
  return Object.entries(condition).flatMap(([key, operand]) => {
    if (key === "$not") return conditionFaults(operand);
    if (!["$and", "$or", "$nor"].includes(key)) return comparisonFaults(operand);
    return Array.isArray(operand) ? operand.flatMap(conditionFaults) : ["malformed"];
  });
}

function comparisonFaults(condition) {
  if (!isOperators(condition)) return [];
  return Object.entries(condition).flatMap(([name, operand]) => {
    if (!Object.hasOwn(operators, name)) return ["operator"];
    if (name === "$regex" || name === "$regexi") return isPortable(operand) ? [] : ["pattern"];
    if (name === "$elemMatch" && isObject(operand) && !isOperators(operand)) return conditionFaults(operand);
    if (["$not", "$size", "$elemMatch"].includes(name)) return comparisonFaults(operand);
    return /^\$alli?$/.test(name) && Array.isArray(operand) ? operand.flatMap(comparisonFaults) : [];
  });
}
