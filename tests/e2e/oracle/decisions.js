/** Which bundle: from config, context, standing, history and override to a decision. */
import { bucket, buckets } from "./bucketing.js";
import { conditionFaults, evaluateCondition } from "./conditions.js";
import { isUsable, revisionOf } from "./config.js";

const none = { variant: "stable", cohort: "rest", bucket: null, revision: null, eligible: false };

/**
 * `config` is undefined where there is none. `standing`: "known" (the page recognises this user again), "automated"
 * (as known, not counted unless the config says so), "unknown" (it cannot, or may not).
 */
export async function decide({ config, context, standing, history = {}, override, now }) {
  if (config === undefined) return { ...none, reason: "ERROR", errorCode: "GENERAL" };
  if (!isUsable(config)) return { ...none, reason: "ERROR", errorCode: "PARSE_ERROR" };
  if (now > Date.parse(config.EXPIRES_AT)) return { ...none, reason: "ERROR", errorCode: "GENERAL" };

  const revision = revisionOf(config);
  const percentage = config.CANARY_PERCENTAGE;
  if (standing === "unknown" || context.targetingKey === "") {
    return { ...none, revision, ...withoutKey(percentage, standing) };
  }

  const place = await bucket({ domain: "canary", salt: config.SALT ?? "canary", key: context.targetingKey });
  const forced = (served, reason) => ({
    variant: served,
    cohort: served === "canary" ? "canary" : "rest",
    bucket: place,
    reason,
    revision,
    eligible: false,
  });
  const rules = config.CANARY_RULES ?? [];
  const always = await firstMatch(rules.filter((rule) => rule.always), context, config.SEGMENTS);
  if (always) return forced(always.serve, "TARGETING_MATCH");
  if (percentage === 0) return forced("stable", "DISABLED");

  const cohort = cohortOf(place, percentage);
  const eligible = standing === "known" || config.TELEMETRY?.countAutomation === true;
  const assigned = { variant: cohort === "canary" ? "canary" : "stable", cohort, bucket: place, revision, eligible };
  if (history.quarantined || history.held) return { ...assigned, variant: "stable", reason: "CACHED" };
  if (override) return forced(override, "TARGETING_MATCH");
  const rule = await firstMatch(rules, context, config.SEGMENTS);
  if (rule) return forced(rule.serve, "TARGETING_MATCH");
  return { ...assigned, reason: percentage === 100 ? "STATIC" : "SPLIT" };
}

function withoutKey(percentage, standing) {
  const disabled = percentage === 0 || standing === "unknown";
  return disabled ? { reason: "DISABLED" } : { reason: "ERROR", errorCode: "TARGETING_KEY_MISSING" };
}

/** A rule with an operator or a pattern that not every reader understands matches nobody, whatever it says around it. */
async function firstMatch(rules, { attributes }, segments) {
  for (const rule of rules) {
    if (conditionFaults(rule.if).length === 0 && (await evaluateCondition(attributes, rule.if, segments))) return rule;
  }
}

function cohortOf(place, percentage) {
  const count = buckets(percentage);
  if (place < count) return "canary";
  // Above 50 %, that is all of stable.
  return place >= 50_000 && place < 50_000 + count ? "control" : "rest";
}
