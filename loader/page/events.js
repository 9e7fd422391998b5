// What a late listener is told as well: a bundle cannot listen before it was inserted.
const kept = ["ready", "error", "exposure", "fallback"];

/** Who listens to what. */
export function createEvents() {
  const listeners = new Set();
  const past = [];

  const call = (entry, type, detail) => {
    try {
      if (entry.type === type && listeners.has(entry)) entry.listener(detail);
    } catch (error) {
      reportError(error); // the listener's own fault, as if it had come from an event
    }
  };
  return {
    on(type, listener) {
      // One entry for each call, so that who leaves takes nobody else's along.
      const entry = { type, listener };
      if (typeof listener === "function") listeners.add(entry);
      for (const event of past) queueMicrotask(() => call(entry, ...event));
      return () => void listeners.delete(entry);
    },
    emit(type, detail) {
      if (kept.includes(type)) past.push([type, detail]);
      for (const entry of [...listeners]) call(entry, type, detail);
    },
    clear: () => listeners.clear(),
  };
}
