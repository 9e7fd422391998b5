/** Events of a page view and their listeners. */

// A bundle cannot listen before it is inserted, so late listeners get these events too.
const keptTypes = ["ready", "error", "exposure", "fallback"];

/** Creates an emitter. A late listener gets kept events in a microtask. A listener that throws affects no other. */
export function createEvents() {
  /** @type {Set<{type: string, listener: (detail: any) => void}>} */
  const entries = new Set();
  /** @type {[string, unknown][]} */
  const past = [];

  /** @param {{type: string, listener: (detail: any) => void}} entry @param {string} type @param {unknown} detail */
  const call = (entry, type, detail) => {
    try {
      if (entry.type === type && entries.has(entry)) entry.listener(detail);
    } catch (error) {
      // As for a listener of a DOM event.
      setTimeout(() => {
        throw error;
      });
    }
  };
  return {
    /** @param {string} type @param {(detail: any) => void} listener */
    on(type, listener) {
      // An entry for each call, because the same function can listen twice.
      const entry = { type, listener };
      if (typeof listener === "function") entries.add(entry);
      for (const event of past) queueMicrotask(() => call(entry, ...event));
      return () => void entries.delete(entry);
    },

    /** @param {string} type @param {unknown} detail */
    emit(type, detail) {
      if (keptTypes.includes(type)) past.push([type, detail]);
      for (const entry of [...entries]) call(entry, type, detail);
    },

    clear: () => entries.clear(),
  };
}
