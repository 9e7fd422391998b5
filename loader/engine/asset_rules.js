/** The rules of a page for the files of the canary. */
import { hasOwn } from "../util/safe.js";

/**
 * The canary's bundle for a page. The config may be malformed.
 *
 * @param {any} config
 * @param {string} rules
 * @returns {{ bundle?: any, lacksEntry: boolean }}
 */
export function pageBundle(config, rules) {
  const { canary, entries } = Object(config?.ASSETS);
  const [, name] = /^entry:(\S*)/.exec(rules) ?? [];
  const bundle = name == null ? canary : hasOwn(Object(entries), name) ? entries[name] : undefined;
  return { bundle, lacksEntry: name != null && !bundle };
}

/**
 * Whether a script lacks the integrity that the page requires, or a script or style is not below the page's base. The bundle
 * may be malformed.
 *
 * @param {any} bundle
 * @param {string} rules `entry:NAME `, `integrity ` and `base:PATH `, then other words
 */
export function breaksRules(bundle, rules) {
  const { scripts, styles } = Object(bundle);
  const [, needsIntegrity, base] = /^(?:entry:\S* )?(integrity )?(?:base:(\S*?)\/? )?/.exec(rules) ?? [];
  return [scripts, styles].flat().some((file) => {
    const { src, href = src, integrity } = Object(file);
    return (needsIntegrity && src && !integrity) || (base != null && href && !String(href).startsWith(`${base}/`));
  });
}

/**
 * Whether a file is of another origin that is not among the page's. The bundle may be malformed.
 *
 * @param {any} bundle
 * @param {string} rules
 */
export function isUnlisted(bundle, rules) {
  const { scripts, styles, preload } = Object(bundle);
  return [scripts, styles, preload].flat().some((file) => {
    const { src, href = src } = Object(file);
    const [origin] = (typeof href === "string" && /^https:..[^/]*/.exec(href)) || [];
    return origin && !rules.split(" ").includes(origin);
  });
}
