import { attempt } from "../util/safe.js";
import { tell } from "../util/log.js";

let policy;

/** An address that a page with Trusted Types lets into a script: the page's own, or checked when the config was read. */
export function trust(url) {
  const { trustedTypes } = globalThis;
  const rules = { createScriptURL: (text) => text };
  policy ??= attempt(() => trustedTypes.createPolicy("canary-runtime", rules));
  if (!policy && trustedTypes) tell("E702 the page's policy refuses the Trusted Types policy canary-runtime; stable loads");
  policy ??= rules;
  return policy.createScriptURL(url);
}
