/** The state machine of a page view from its decision on, as a table without side effects. */

/** @type {(facts: Facts) => string[]} */
const chunkLost = ({ isTouched }) => [isTouched ? "running" : "reloading"];

/**
 * The step for each state and event: actions in their order, and last the state that follows, which is entered last. An
 * event that a state does not name came late, and is ignored.
 *
 *     deciding --> canary --> probation --> running
 *        |           | `------.   |
 *        |           v        v   v
 *        `-------> stable <- reloading_to_stable
 *                    |
 *                    `--> running --> reloading, or failed
 *
 * @type {Record<string, Record<string, (facts: Facts) => string[]>>}
 */
export const stateMachine = {
  deciding: {
    canary: () => ["canary"],
    stable: () => ["stable"],
    preempted: () => ["running"], // by the inline guard, with stable
  },
  canary: {
    up: () => ["save_config", "probation"],
    // Stable can follow in this document only where none of the canary's code ran, and a reload would destroy input.
    start_failed: ({ hasRun, isTouched }) => [
      "quarantine",
      !hasRun ? "stable" : isTouched ? "running" : "reloading_to_stable",
    ],
  },
  stable: {
    up: () => ["save_config", "running"],
    start_failed: ({ isBlank }) => [isBlank ? "failed" : "running"],
  },
  probation: {
    crashed: () => ["quarantine", "reloading_to_stable"],
    gave_up: ({ isTouched }) => ["quarantine", isTouched ? "running" : "reloading_to_stable"],
    chunk_lost: chunkLost,
  },
  running: { chunk_lost: chunkLost },
  reloading_to_stable: { reload_refused: () => ["stable"] },
  reloading: { reload_refused: () => ["running"] },
  failed: {},
};

/**
 * The step that follows from an event: `[...actions, state]`, or undefined where the event came late.
 *
 * @param {string} state
 * @param {string} event
 * @param {Facts} [facts]
 */
export const transition = (state, event, facts = {}) => stateMachine[state]?.[event]?.(facts);
