/** Listeners that a bundle adds for events of the page that are over. A script in the page itself would have been in time. */

/** The events in their order, where they are listened for, and the time that says that they are over. */
const pageEvents = /** @type {const} */ ([
  ["DOMContentLoaded", [document, window], "domContentLoadedEventStart"],
  ["readystatechange", [document], "domComplete"],
  ["load", [window], "loadEventStart"],
]);

/** Whether an event is over for a target. @param {any} target @param {string} type */
const isOver = (target, type) =>
  pageEvents.some(
    ([name, targets, time]) => name === type && targets.some((it) => it === target) && performance.timing[time] > 0,
  );

/**
 * Catches late listeners. `call` calls each of them once, in the order of the events, and resolves when they have run; one that
 * is added later is called at once. `stop` gives the page its methods back.
 */
export function catchLateListeners() {
  /** @type {{ target: any, type: string, listener: any }[]} */
  let late = [];
  let isCalled = false;

  /** Calls a listener in a task of its own, so that the browser reports what it throws. @param {typeof late[0]} it */
  const call = (it) =>
    setTimeout(() => {
      // It is removed by now if it waited for the first of two events.
      if (!late.includes(it)) return;
      late = late.filter((other) => other !== it);
      const { target, type, listener } = it;
      const event = new Event(type);
      if (listener.handleEvent) listener.handleEvent(event);
      else listener.call(target, event);
    });
  const add = (/** @type {any} */ target, /** @type {string} */ type, /** @type {any} */ listener) => {
    late.push({ target, type, listener });
    if (isCalled) call(/** @type {any} */ (late[late.length - 1]));
  };

  const cleanups = [document, window].map((/** @type {any} */ target) => {
    // Looked up at each call, because the bundle may replace them, as zone.js does.
    const methods = /** @type {any} */ (EventTarget.prototype);
    const addEventListener = (/** @type {[string, any]} */ ...args) => {
      methods.addEventListener.apply(target, args);
      if (args[1] && isOver(target, args[0])) add(target, ...args);
    };
    const removeEventListener = (/** @type {[string, any]} */ ...args) => {
      methods.removeEventListener.apply(target, args);
      late = late.filter((it) => it.target !== target || it.type !== args[0] || it.listener !== args[1]);
    };
    const own = { addEventListener, removeEventListener };
    if (!Object.keys(own).some((name) => Object.keys(target).includes(name))) Object.assign(target, own);
    return () => {
      for (const [name, method] of Object.entries(own)) if (target[name] === method) delete target[name];
    };
  });

  // The browser calls a handler that is there at the event.
  let { onload } = window;
  let { onreadystatechange } = document;
  const see = () => ([{ onload }, { onreadystatechange }] = [window, document]);
  addEventListener("load", see);
  document.addEventListener("readystatechange", see);
  cleanups.push(() => removeEventListener("load", see));
  cleanups.push(() => document.removeEventListener("readystatechange", see));
  /** @param {any} target @param {string} type @param {any} before */
  const addHandler = (target, type, before) => {
    const handler = target[`on${type}`];
    if (isOver(target, type) && handler && handler !== before) add(target, type, handler);
  };

  return {
    async call() {
      addHandler(document, "readystatechange", onreadystatechange);
      addHandler(window, "load", onload);
      isCalled = true;
      for (const [name] of pageEvents) for (const it of late) if (it.type === name) call(it);
      await new Promise((resolve) => setTimeout(resolve));
    },
    stop: () => cleanups.forEach((cleanup) => cleanup()),
  };
}
