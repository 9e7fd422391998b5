const ours = /^canary(\.flag|\.debug)?(=|$)/;

/** The arm that the page's address asks for, if any. Of several the first counts. */
export const askedArm = () =>
  new URLSearchParams(location.search).getAll("canary").find((arm) => arm === "canary" || arm === "stable") ?? null;

/** This page's address with these overrides and no others; what else is in it stays as it is. */
export function address(arm, overrides) {
  const others = location.search.slice(1).split("&").filter((part) => part && !ours.test(part));
  const flags = overrides.map(([key, value]) => `canary.flag=${encodeURIComponent(`${key}:${JSON.stringify(value)}`)}`);
  const query = [...others, ...(arm ? [`canary=${arm}`] : []), ...flags, "canary.debug"].join("&");
  return `${location.origin}${location.pathname}?${query}${location.hash}`;
}

/** A page load is what an arm takes. */
export function go(url) {
  if (url === location.href) location.reload();
  else location.assign(url);
}
