// A page cannot go past a service worker that controls it, nor tell it not to keep what it answers.

import { attempt } from "../util/safe.js";

const freshMs = 600_000; // an answer that is older than that may be one of those
const isControlled = () => attempt(() => navigator.serviceWorker.controller);

/** An address for which no worker has an answer yet. */
export const pass = (url) => (isControlled() ? `${url}${url.includes("?") ? "&" : "?"}${Math.random()}` : url);

/** What is as old as `date`, milliseconds since 1970, counts as absent. */
export function refuseOld(url, date) {
  if (isControlled() && !(Date.now() - date < freshMs)) throw `E412 ${url} is an old answer, of a service worker`;
}
