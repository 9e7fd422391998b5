const outdated = ({ touched }) => [touched ? "up" : "renewing"];

/**
 * The order of a page view, all of it: what each state makes of each event. An event that a state does not name came
 * late, and is ignored. A step names what is done, in its order; the last word is the state that follows, and to enter
 * it is done last.
 *
 *     deciding --> canary --> live --> up
 *        |           | `-----.  |
 *        |           v       v  v
 *        `-------> stable <- leaving (a clean reload)
 *                    |
 *                    `--> up --> renewing (the same), or broken
 */
export const sequence = {
  deciding: {
    canary: () => ["canary"],
    stable: () => ["stable"],
    taken: () => ["up"], // the guard was quicker, with stable
  },
  canary: {
    up: () => ["keep", "live"],
    // In this document only where none of its code ran; and no reload under the hands of somebody who is at work in it.
    failed: ({ ran, touched }) => ["quarantine", !ran ? "stable" : touched ? "up" : "leaving"],
  },
  stable: {
    up: () => ["keep", "up"],
    failed: ({ blank }) => [blank ? "broken" : "up"],
  },
  live: {
    crashed: () => ["quarantine", "leaving"],
    outdated,
  },
  up: { outdated },
  leaving: { refused: () => ["stable"] },
  renewing: { refused: () => ["up"] },
  broken: {},
};

/** What follows from an event: `[...actions, state]`, or nothing where it came late. */
export const follow = (state, event, facts = {}) => sequence[state][event]?.(facts);
