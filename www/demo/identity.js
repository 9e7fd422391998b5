/** The device id, read and set as the runtime does: in a cookie and in localStorage. */

const name = "canary_id";
const cookieName = location.protocol === "https:" ? `__Host-${name}` : name;
const lifetime = 7776000; // 90 days, in seconds
export const validId = /^[A-Za-z0-9_-]{1,128}$/;

const cookieAttributes = (maxAge) =>
  `Path=/; SameSite=Lax; Max-Age=${maxAge}${location.protocol === "https:" ? "; Secure" : ""}`;

/** Runs an action, and returns null where it throws: blocked storage throws even when it is read. */
function tryOrNull(action) {
  try {
    return action();
  } catch {
    return null;
  }
}

function readCookie() {
  const entry = document.cookie.split("; ").find((pair) => pair.startsWith(`${cookieName}=`));
  return entry?.slice(cookieName.length + 1);
}

/** The id that decides about the bundle, or null where none is stored. */
export function currentId() {
  const fromPage = document.querySelector("script[data-user-id]")?.dataset.userId;
  return fromPage || tryOrNull(readCookie) || tryOrNull(() => localStorage.getItem(name));
}

/** Stores an id. Returns whether it is stored anywhere, so that a reload will find it. */
export function storeId(id) {
  tryOrNull(() => {
    document.cookie = `${cookieName}=${id}; ${cookieAttributes(lifetime)}`;
  });
  tryOrNull(() => localStorage.setItem(name, id));
  return currentId() === id;
}

export function forgetId() {
  tryOrNull(() => {
    document.cookie = `${cookieName}=; ${cookieAttributes(0)}`;
  });
  tryOrNull(() => localStorage.removeItem(name));
}
