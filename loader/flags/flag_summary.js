/** What the panel shows and does beyond the page's object. canary.js does without, as a page waits for it. */
import { hasOwn } from "../util/safe.js";

/**
 * A summary of the present config, undefined before the first one.
 *
 * @param {FlagClient} flags
 * @returns {Required<ConfigSummary> | undefined}
 */
export function describeFlags({ call, overrides, targetingKey }) {
  const { SALT = "canary", REVISION, FEATURE_FLAGS, OVERRIDES } = call((engine) => engine.config()) ?? {};
  return (
    FEATURE_FLAGS && {
      query: OVERRIDES?.query === true,
      percentage: call((engine) => engine.percentage()) ?? 0,
      revision: Number.isSafeInteger(REVISION) && REVISION >= 0 ? REVISION : null,
      salt: SALT,
      targetingKey: targetingKey(),
      keys: Object.keys(FEATURE_FLAGS).sort(),
      overridden: [...overrides().keys()].filter((key) => hasOwn(FEATURE_FLAGS, key)),
    }
  );
}

/**
 * The definition of a flag, null where it is missing or malformed.
 *
 * @param {FlagClient} flags
 * @param {string} flagKey
 * @returns {any}
 */
export const definitionOf = ({ call }, flagKey) =>
  call((engine) => (engine.isMalformed(flagKey) ? null : engine.config().FEATURE_FLAGS[flagKey])) ?? null;

/** Ends the override of one flag. @param {PageState} page @param {string} flagKey */
export function clearOverride(page, flagKey) {
  const flags = /** @type {FlagClient} */ (page.flags);
  flags.pageOverrides.delete(flagKey);
  page.overrides?.clear(flagKey);
  flags.overridesChanged();
}
