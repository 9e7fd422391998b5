import { attempt } from "../util/safe.js";

const maxAge = 90 * 24 * 60 * 60; // seconds, from the last use

/** Both homes are written, either restores the other. */
export function keep(name, value, age = maxAge) {
  const secure = location.protocol === "https:" ? "; Secure" : "";
  attempt(() => (document.cookie = `${name}=${value}; Path=/; SameSite=Lax; Max-Age=${age}${secure}`));
  attempt(() => (age ? localStorage.setItem(name, value) : localStorage.removeItem(name)));
  return find(name);
}

/** The cookie stands before the other home. */
export const homes = (name) => `${attempt(() => document.cookie)}; ${name}=${attempt(() => localStorage.getItem(name)) ?? ""}`;

export const find = (name) => new RegExp(`(?:^|; )${name}=([\\w-]{1,128})(?=;|$)`).exec(homes(name))?.[1];
