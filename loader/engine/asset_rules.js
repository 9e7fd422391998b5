/** The rules of a page for the files of the canary. */

/**
 * Whether a script lacks the integrity that the page requires, or a script or style is not below the page's base. The bundle
 * may be malformed.
 *
 * @param {any} bundle
 * @param {string} rules `integrity ` and `base:PATH `, then other words
 */
export function breaksRules(bundle, rules) {
  const { scripts, styles } = Object(bundle);
  const [, needsIntegrity, base] = /^(integrity )?(?:base:(\S*?)\/? )?/.exec(rules) ?? [];
  return [scripts, styles].flat().some((file) => {
    const { src, href = src, integrity } = Object(file);
    return (needsIntegrity && src && !integrity) || (base != null && href && !String(href).startsWith(`${base}/`));
  });
}
