/** A few lines of JavaScript instead of a library: rules and percentages, but nothing else. */
import { boot, fetchConfig } from "./boot.js";

/** @param {(text: string) => number} hash a number from 0 up to 1 */
export function bootPlain(hash) {
  boot(async (id) => {
    const flags = JSON.parse(await fetchConfig());
    const evaluate = (flagKey, user, attributes = {}) => {
      const { rules, percentage = 0 } = flags[flagKey];
      if (rules.some(({ attribute, values }) => values.includes(attributes[attribute]))) return true;
      return hash(`${flagKey}:${user}`) * 100 < percentage;
    };
    return { evaluate, get: (flagKey) => evaluate(flagKey, id) };
  });
}
