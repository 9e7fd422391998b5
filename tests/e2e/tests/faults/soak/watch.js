// Counts what a page holds: memories of its wasm modules, listeners, timers, elements. Stands before the runtime.
globalThis.watch = (() => {
  const { addEventListener: add, removeEventListener: remove } = EventTarget.prototype;
  const listening = new WeakMap(); // each target's listeners
  const counts = {}; // by target and type
  const timeouts = new Set();
  const intervals = new Set();
  const memories = [];

  const nameOf = (target) =>
    target === window ? "window" : target === document ? "document" : target.constructor.name;
  const count = (target, { type }, change) => {
    const name = `${nameOf(target)} ${type}`;
    counts[name] = (counts[name] ?? 0) + change;
    if (!counts[name]) delete counts[name];
  };
  const entryOf = (type, listener, options) => ({ type, listener, capture: !!(options?.capture ?? options) });
  const placeOf = (entries, { type, listener, capture }) =>
    entries.findIndex((other) => other.type === type && other.listener === listener && other.capture === capture);
  const drop = (target, entry) => {
    const entries = listening.get(target) ?? [];
    const place = placeOf(entries, entry);
    if (place < 0) return;
    entries.splice(place, 1);
    count(target, entry, -1);
  };

  EventTarget.prototype.addEventListener = function (type, listener, options) {
    const target = this ?? window;
    const entry = entryOf(type, listener, options);
    const entries = listening.get(target) ?? listening.set(target, []).get(target);
    if (listener && placeOf(entries, entry) < 0) {
      entries.push(entry);
      count(target, entry, 1);
      if (options?.once) add.call(target, type, () => drop(target, entry), { once: true, capture: entry.capture });
      options?.signal?.addEventListener("abort", () => drop(target, entry));
    }
    return add.call(target, type, listener, options);
  };
  EventTarget.prototype.removeEventListener = function (type, listener, options) {
    drop(this ?? window, entryOf(type, listener, options));
    return remove.call(this ?? window, type, listener, options);
  };

  const { setTimeout, clearTimeout, setInterval, clearInterval } = globalThis;
  globalThis.setTimeout = (action, ms, ...values) => {
    const id = setTimeout(() => {
      timeouts.delete(id);
      action(...values);
    }, ms);
    // WebKit's driver has one of that length for each command, in the page.
    if (!(ms >= 20_000)) timeouts.add(id);
    return id;
  };
  globalThis.setInterval = (...values) => {
    const id = setInterval(...values);
    intervals.add(id);
    return id;
  };
  globalThis.clearTimeout = globalThis.clearInterval = (id) => {
    timeouts.delete(id);
    intervals.delete(id);
    clearTimeout(id);
    clearInterval(id);
  };

  const watched = (instance) => {
    for (const value of Object.values(instance.exports)) {
      if (value instanceof WebAssembly.Memory) memories.push(value);
    }
    if (!watch.leaks) return instance;
    // Where a test wants to see a leak: what the module gives away never comes back to it, and each thousandth evaluation
    // takes another page, which moves the buffers that the loader holds.
    const exports = { ...instance.exports };
    const { evaluate, memory } = exports;
    if (exports.__wbindgen_free) exports.__wbindgen_free = () => {};
    if (evaluate) {
      let count = 0;
      exports.evaluate = (...values) => {
        if (++count % 1000 === 0) memory.grow(1);
        return evaluate(...values);
      };
    }
    return { exports };
  };
  const { instantiate, instantiateStreaming } = WebAssembly;
  WebAssembly.Instance = new Proxy(WebAssembly.Instance, {
    construct: (...call) => watched(Reflect.construct(...call)),
  });
  const watchedAll = (result) =>
    result.instance ? { ...result, instance: watched(result.instance) } : watched(result);
  WebAssembly.instantiate = (...values) => instantiate(...values).then(watchedAll);
  if (instantiateStreaming) {
    WebAssembly.instantiateStreaming = (...values) => instantiateStreaming(...values).then(watchedAll);
  }

  let goal = 0;
  const next = new MessageChannel();
  const look = () => document.dispatchEvent(new Event("visibilitychange"));
  const watch = {
    leaks: false,
    refreshed: 0,

    /** Begins: a refresh after the other, until there were so many in all. Each one gives the flag another value. */
    refresh(all) {
      goal = all;
      look();
    },

    /** The configs alternate, so each refresh tells of a change. */
    begin() {
      next.port1.onmessage = look;
      canary().getBooleanValue("alternating", false);
      canary().on("configurationChanged", () => {
        watch.refreshed += 1;
        // In a task of its own: one that begins before the last has ended is none. A timer would be held back.
        if (watch.refreshed < goal) next.port2.postMessage(null);
      });
      return true;
    },

    /** So many reads, and as many evaluations for somebody else, from the number `first` on. Answers how many are in. */
    evaluate(first, number) {
      let result = 0;
      for (let i = first; i < first + number; i++) {
        if (!canary().getBooleanValue("alternating", false)) throw new Error(`the read ${i} has another answer`);
        result += canary().evaluate("half", false, { targetingKey: `user-${i}` });
      }
      return result;
    },

    rests: () => timeouts.size === 0,

    measure: () => ({
      pages: memories.map(({ buffer }) => buffer.byteLength / 65_536),
      listeners: counts,
      intervals: intervals.size,
      timeouts: timeouts.size,
      elements: document.querySelectorAll("*").length,
    }),
  };
  const canary = () => globalThis[Symbol.for("canary-runtime")];
  return watch;
})();
