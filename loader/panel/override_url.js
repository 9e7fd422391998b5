/** Addresses of this page with overrides in their query. */

const ownParameter = /^canary(\.flag|\.debug)?(=|$)/;

/** The arm that the address asks for, or null. Of several the first counts. */
export const requestedArm = () =>
  new URLSearchParams(location.search).getAll("canary").find((arm) => arm === "canary" || arm === "stable") ?? null;

/**
 * This page's address with these overrides and no others. The rest of it stays as it is.
 *
 * @param {string | null} arm
 * @param {[string, unknown][]} overrides of flags
 */
export function overrideUrl(arm, overrides) {
  const others = location.search
    .slice(1)
    .split("&")
    .filter((part) => part && !ownParameter.test(part));
  const flags = overrides.map(([key, value]) => `canary.flag=${encodeURIComponent(`${key}:${JSON.stringify(value)}`)}`);
  const query = [...others, ...(arm ? [`canary=${arm}`] : []), ...flags, "canary.debug"].join("&");
  return `${location.origin}${location.pathname}?${query}${location.hash}`;
}

/** Loads the page with an address, also with the one that it has. @param {string} url */
export function loadPage(url) {
  if (url === location.href) location.reload();
  else location.assign(url);
}
