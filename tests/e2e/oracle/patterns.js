/** The subset of regular expressions that every dialect reads alike. */

const escape = String.raw`\\[dDwWsStnrfv^$\\.*+?()\[\]{}|\/]`;
// A hyphen is escaped in classes only: outside of them JavaScript has no such escape. The doubled characters are
// operators on sets in other dialects.
const classAtom = String.raw`(?!&&|--|~~)(?:${escape}|\\-|[^\\\[\]])`;
const tokens = [
  String.raw`\((?:\?:|(?!\?))`,
  String.raw`[)|^$]`,
  String.raw`\\b`,
  String.raw`(?:[*+?]|\{\d+(?:,\d*)?\})\??`,
  // Neither [] nor [^], which JavaScript reads as nothing and anything.
  String.raw`\[(?:\^|(?!\^))(?:${classAtom})+\]`,
  escape,
  String.raw`[^\\^$*+?()\[\]{}|]`,
];
const onlyTokens = new RegExp(`^(?:${tokens.join("|")})*$`, "u");

/** JavaScript itself sees to the order: what is open, reversed (z-a, {3,2}), half a range (\d-z), repeated twice. */
function compiles(pattern) {
  try {
    return Boolean(new RegExp(pattern, "u"));
  } catch {
    return false;
  }
}

export const isPortable = (pattern) => typeof pattern === "string" && onlyTokens.test(pattern) && compiles(pattern);

export const matches = (pattern, text, ignoreCase) => new RegExp(pattern, ignoreCase ? "iu" : "u").test(text);
