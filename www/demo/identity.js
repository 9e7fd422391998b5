/** The device id as the demo reads and sets it: a cookie first, localStorage as its second home. */

const name = "canary_id";
const lifetime = 7776000; // 90 days, in seconds
export const validId = /^[A-Za-z0-9_-]{1,128}$/;

const cookieAttributes = (maxAge) =>
  `Path=/; SameSite=Lax; Max-Age=${maxAge}${location.protocol === "https:" ? "; Secure" : ""}`;

/** Storage may be blocked, and then even reading throws; the page has to live with that. */
function attempt(action) {
  try {
    return action();
  } catch {
    return null;
  }
}

function readCookie() {
  const entry = document.cookie.split("; ").find((pair) => pair.startsWith(`${name}=`));
  return entry?.slice(name.length + 1);
}

/** The id the bundle is keyed by, or null where none is stored. */
export function currentId() {
  const fromPage = document.querySelector("script[data-user-id]")?.dataset.userId;
  return fromPage || attempt(readCookie) || attempt(() => localStorage.getItem(name));
}

/** Says whether the id is kept anywhere, so that a reload would see it. */
export function storeId(id) {
  attempt(() => { document.cookie = `${name}=${id}; ${cookieAttributes(lifetime)}`; });
  attempt(() => localStorage.setItem(name, id));
  return currentId() === id;
}

export function forgetId() {
  attempt(() => { document.cookie = `${name}=; ${cookieAttributes(0)}`; });
  attempt(() => localStorage.removeItem(name));
}
