/**
 * A second opinion on the vectors, written from the contract alone: none of the product's code is used.
 * Each check tells how much was looked at, and what is not as its file has it.
 */
import { bucket, buckets, bucketsByDigits } from "./bucketing.js";
import { evaluateCondition } from "./conditions.js";
import { decide } from "./decisions.js";
import { evaluateFlag } from "./flags.js";
import { isPortable, matches } from "./patterns.js";
import { isSame } from "./values.js";

const load = async (file) => (await fetch(file)).json();
const differs = (expected, actual, names) => names.some((name) => !isSame(expected[name], actual[name]));

async function wrongOf(cases, isWrong) {
  const verdicts = await Promise.all(cases.map(isWrong));
  return cases.filter((_, index) => verdicts[index]);
}

async function checkCases(file, isWrong) {
  const { cases } = await load(file);
  return { count: cases.length, wrong: await wrongOf(cases, isWrong) };
}

const checkBucketing = (file) => checkCases(file, async (vector) => vector.bucket !== (await bucket(vector)));

async function checkPercentages(file) {
  const { valid, invalid } = await load(file);
  const isWrong = (vector) =>
    buckets(vector.percentage) !== vector.buckets || bucketsByDigits(vector.percentage) !== vector.buckets;
  const wrong = [...valid.filter(isWrong), ...invalid.filter((percentage) => buckets(percentage) !== null)];
  return { valid: valid.length, invalid: invalid.length, wrong };
}

const checkConditions = (file) =>
  checkCases(file, async (vector) => {
    const { attributes, condition, groups } = vector;
    return (await evaluateCondition(attributes, condition, groups)) !== vector.expected;
  });

/** The answers to a flag vector's questions, by flag. */
async function answerFlags({ config, key, attributes, overrides, now, flags }) {
  const context = { targetingKey: key, attributes };
  const answer = async (flagKey) => [flagKey, await evaluateFlag(config, flagKey, context, overrides, Date.parse(now))];
  return Object.fromEntries(await Promise.all(Object.keys(flags).map(answer)));
}

async function checkFlags(file) {
  const { cases } = await load(file);
  const names = ["value", "variant", "reason", "errorCode"];
  const wrong = await wrongOf(cases, async (vector) => {
    const answers = await answerFlags(vector);
    return Object.entries(vector.flags).some(([flagKey, expected]) => differs(expected, answers[flagKey], names));
  });
  return { count: cases.reduce((sum, { flags }) => sum + Object.keys(flags).length, 0), wrong };
}

/** The answer to a decision vector. */
const answerDecision = ({ config, key, attributes, standing, history, override, now }) =>
  decide({ config, context: { targetingKey: key, attributes }, standing, history, override, now: Date.parse(now) });

const checkDecisions = (file) =>
  checkCases(file, async (vector) => {
    const names = ["variant", "cohort", "bucket", "reason", "errorCode", "revision", "eligible"];
    return differs(vector.decision, await answerDecision(vector), names);
  });

async function checkPatterns(file) {
  const { portable, refused } = await load(file);
  const isWrong = (vector) =>
    !isPortable(vector.pattern) || matches(vector.pattern, vector.text, vector.ignoreCase) !== vector.matches;
  const wrong = [...portable.filter(isWrong), ...refused.filter(isPortable)];
  return { portable: portable.length, refused: refused.length, wrong };
}

const checks = { checkBucketing, checkPercentages, checkConditions, checkPatterns, checkFlags, checkDecisions };
Object.assign(globalThis, checks);
