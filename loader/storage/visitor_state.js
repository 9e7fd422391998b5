/** State that earlier page views left in this browser: the last arm, a hold, a quarantine, a crash marker, reloads. */
import { pendingCodes } from "../util/log.js";
import { load, remove, save, useApp } from "./storage.js";

const reloadMs = 30_000; // a version reloads a page once in this time
const maxQuarantined = 8; // versions

/**
 * Loads the visitor state. A canary version that failed in this browser is quarantined. A browser that a config moved
 * from canary to stable is held there for a while, so that pods with different configs do not make it flip.
 *
 * @param {Settings} settings
 * @returns {VisitorState}
 */
export function loadVisitorState({ config, holdMs, canary }) {
  useApp(config);
  const now = Date.now();
  const stored = load("canary_memory"); // {arm, by: digest of the config, until: end of the hold, bad: quarantined versions}
  const update = (/** @type {object} */ changes) => save("canary_memory", Object.assign(stored, changes));
  const quarantined = () => [stored.bad ?? []].flat();
  const quarantine = (/** @type {string} */ version) => {
    const others = quarantined().filter((other) => other !== version);
    return update({ arm: "stable", bad: [version, ...others].slice(0, maxQuarantined) });
  };

  const marker = load("canary_mark");
  if (marker.until < now) {
    // A page view started that canary, and neither came up nor was left.
    remove("canary_mark");
    quarantine(marker.version);
    pendingCodes.push("E405");
  }
  // A clock that was wrong when the hold began must not make it longer.
  if (stored.until > now + holdMs) update({ until: now + holdMs });

  const reload = load("canary_reload", "sessionStorage"); // {from: time of a fallback, [version]: time of its last reload}
  if (reload.from) save("canary_reload", { ...reload, from: 0 }, "sessionStorage");
  return {
    isFallbackReload: now - reload.from < reloadMs,
    hadCanary: stored.arm === "canary",
    quarantine,

    recordArm(arm, by) {
      if (arm === stored.arm && by === stored.by) return;
      // The same config gives another arm to another user or path.
      if (arm === "stable" && stored.arm === "canary" && by !== stored.by) {
        stored.until = now + holdMs;
        pendingCodes.push("I114");
      }
      if (!update({ arm, by })) pendingCodes.push("E302");
    },

    decideWithHold(decide) {
      const answer = decide(false);
      // A canary that the config does not describe is known by its address and the salt.
      const version = answer.version ?? `${canary.scripts[0]?.src} ${answer.salt}`;
      const isHeld = stored.until > now || quarantined().includes(version);
      return { ...answer, ...(isHeld && decide(true)), version };
    },
  };
}

/**
 * Stores a marker while a canary starts. The next page view finds it where the canary blocks the page for good, and
 * quarantines the version once the marker is older than a start may take. Returns what removes it.
 *
 * @param {string} version
 * @param {number} timeoutMs
 */
export function setCrashMarker(version, timeoutMs) {
  const tab = Math.random();
  // The browser may discard a prerendered page at any time.
  if (!document.prerendering) save("canary_mark", { version, until: Date.now() + timeoutMs, tab });
  return () => load("canary_mark").tab === tab && remove("canary_mark");
}

/** Whether a version has reloaded this tab's page within the last 30 s. @param {string} version */
export const hasJustReloaded = (version) => Date.now() - load("canary_reload", "sessionStorage")[version] < reloadMs;

/**
 * Records that a version reloads the page. Returns whether that is stored.
 *
 * @param {string} version
 * @param {boolean} isFallback whether the reload is to stable, and so the same page view
 */
export function recordReload(version, isFallback) {
  const now = Date.now();
  const reload = load("canary_reload", "sessionStorage");
  const { hash } = location;
  return save("canary_reload", { ...reload, from: isFallback ? now : 0, hash, [version]: now }, "sessionStorage");
}
