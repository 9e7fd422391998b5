/** Overrides of the arm and of flags, in the address and by the page's scripts. */
import { hasOwn, tryOrNull } from "../util/safe.js";

const flagKey = /^(?!(__proto__|constructor|prototype)$)[\w.-]{1,64}$/;

/**
 * Reads the overrides in the page's address: `?canary=canary`, `?canary=stable` and `?canary.flag=KEY:JSON`. The first of
 * each counts. They apply where the config allows them.
 */
export function queryOverrides() {
  const query = new URLSearchParams(location.search);
  const arms = query.getAll("canary");
  const isArm = (/** @type {string} */ arm) => arm === "canary" || arm === "stable";
  /** @type {Map<string, unknown>} */
  const flags = new Map();
  let isMalformed = !arms.every(isArm);
  for (const text of query.getAll("canary.flag")) {
    const [, key = "", json = ""] = /^([^:]*):([^]*)$/.exec(text) ?? [];
    const value = tryOrNull(() => [JSON.parse(json)]);
    if (!value || !flagKey.test(key)) isMalformed = true;
    else if (!flags.has(key)) flags.set(key, value[0]);
  }
  return { arm: arms.find(isArm), flags, isMalformed };
}

/**
 * The line for overrides in the address that are ignored. It does not quote the address, which an attacker may have written.
 *
 * @param {any} config
 */
export function overrideNotice({ OVERRIDES, FEATURE_FLAGS }) {
  const { arm, flags, isMalformed } = queryOverrides();
  const expected = isMalformed
    ? "?canary=canary, ?canary=stable or ?canary.flag=KEY:JSON"
    : (arm || flags.size) && OVERRIDES?.query !== true
      ? "OVERRIDES.query to be true for an override in the URL"
      : ![...flags.keys()].every((key) => hasOwn(FEATURE_FLAGS, key)) && "an override of a flag in the config";
  return expected && `E701 expected ${expected}; it is ignored`;
}
