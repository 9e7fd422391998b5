/** The subset of regular expressions that every dialect reads alike. */

// A hyphen is escaped in classes only: outside of them JavaScript has no such escape.
const escape = String.raw`\\[dDwWsStnrfv^$\\.*+?()\[\]{}|\/]`;
const classAtom = String.raw`(?:${escape}|\\-|[^\\\[\]])`;
const tokens = new RegExp(
  [
    String.raw`(?<open>\((?:\?:|(?!\?)))`,
    String.raw`(?<close>\))`,
    // Before the atoms, so that ^ is no literal; these cannot be repeated.
    String.raw`(?<assertion>[|^$]|\\[bB])`,
    String.raw`(?<quantifier>(?:[*+?]|\{\d+(?:,\d*)?\})\??)`,
    // Neither [] nor [^], which JavaScript reads as nothing and anything.
    String.raw`(?<class>\[(?:\^|(?!\^))${classAtom}+\])`,
    String.raw`(?<atom>${escape}|[^\\^$*+?()\[\]{}|])`,
  ].join("|"),
  "uy",
);
// Difference, intersection and symmetric difference in other dialects.
const setOperator = /&&|--|~~/;
const repeatable = new Set(["close", "class", "atom"]);

function compiles(pattern) {
  try {
    return Boolean(new RegExp(pattern, "u"));
  } catch {
    return false;
  }
}

export function isPortable(pattern) {
  // What is reversed (z-a, {3,2}) or half a range (\d-z) is left to the engine.
  if (typeof pattern !== "string" || !compiles(pattern)) return false;
  let before;
  for (tokens.lastIndex = 0; tokens.lastIndex < pattern.length; ) {
    const match = tokens.exec(pattern);
    if (!match) return false;
    const [kind, text] = Object.entries(match.groups).find(([, text]) => text !== undefined);
    if (kind === "class" && setOperator.test(text)) return false;
    if (kind === "quantifier" && !repeatable.has(before)) return false;
    before = kind;
  }
  return true;
}

export const matches = (pattern, text, ignoreCase) => new RegExp(pattern, ignoreCase ? "iu" : "u").test(text);
