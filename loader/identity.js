import { tell } from "./console.js";

const name = "canary_id";
const maxAge = 90 * 24 * 60 * 60; // seconds, from the last use
const inCookie = /(?:^|; )canary_id=([\w-]{1,128})(?=;|$)/;
const inStorage = /^([\w-]{1,128})$/;

/** This browser's id, made by `newId` where there is none, or "" where nothing keeps it. */
export function keepId(newId) {
  const id = findId() ?? newId();
  const secure = location.protocol === "https:" ? "; Secure" : "";
  attempt(() => (document.cookie = `${name}=${id}; Path=/; SameSite=Lax; Max-Age=${maxAge}${secure}`));
  attempt(() => localStorage.setItem(name, id));
  // Read back: both homes can refuse in silence, and another tab may have been quicker.
  const kept = findId();
  if (!kept) tell("E301 neither a cookie nor localStorage keeps an id; stable loads");
  return kept ?? "";
}

const findId = () =>
  (attempt(() => inCookie.exec(document.cookie)) ?? attempt(() => inStorage.exec(localStorage.getItem(name) ?? "")))?.[1];

/** Storage throws where it is blocked, its getter included. */
function attempt(action) {
  try {
    return action();
  } catch {
    return null;
  }
}
