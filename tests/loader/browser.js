/** Fakes of the browser's globals, as far as the loader touches them. */

globalThis.HAS_LOG_BUFFER = true;

/** A storage area; `blocked` makes its getter throw, `full` every write. */
class FakeStorage {
  items = new Map();

  constructor(isFull) {
    this.isFull = isFull;
  }

  getItem(key) {
    return this.items.get(key) ?? null;
  }

  setItem(key, value) {
    if (this.isFull) throw new Error("QuotaExceededError");
    this.items.set(key, String(value));
  }

  removeItem(key) {
    this.items.delete(key);
  }
}

/** A cookie jar behind `document.cookie`, without attributes but Max-Age=0. */
function fakeDocument(cookies, { block, prerendering, scripts = [] }) {
  return {
    get cookie() {
      return [...cookies].map((pair) => pair.join("=")).join("; ");
    },
    set cookie(text) {
      const [, name, value] = /^([^=]+)=([^;]*)/.exec(text);
      if (text.includes("Max-Age=0")) cookies.delete(name);
      else cookies.set(name, value);
    },
    baseURI: "https://shop.example/cart",
    documentElement: {
      dataset: {},
      querySelector: () => (block === undefined ? null : { textContent: block }),
    },
    prerendering,
    scripts,
    listeners: [],
    events: [],
    addEventListener(type, listener) {
      this.listeners.push([type, listener]);
    },
    dispatchEvent(event) {
      this.events.push(event);
    },
  };
}

/**
 * Replaces the globals with those of a new browser, at a fixed time. Returns what a test looks at or changes.
 *
 *     useBrowser({ search, blocked: "localStorage", full: "sessionStorage", cookies, block, prerendering, ...navigator })
 */
export function useBrowser({ search = "", blocked, full, cookies = {}, block, prerendering, ...navigator } = {}) {
  const jar = new Map(Object.entries(cookies));
  const lines = [];
  const url = new URL(`https://shop.example/cart${search}`);
  const globals = {
    console: {
      ...console,
      warn: (line) => lines.push(line),
      debug: (line) => lines.push(line),
    },
    document: fakeDocument(jar, { block, prerendering }),
    location: {
      href: url.href,
      origin: url.origin,
      protocol: url.protocol,
      host: url.host,
      pathname: url.pathname,
      search,
    },
    origin: url.origin,
    navigator: { userAgent: "Mozilla/5.0", language: "en", maxTouchPoints: 0, ...navigator },
  };
  for (const [name, value] of Object.entries(globals)) {
    Object.defineProperty(globalThis, name, { value, configurable: true, writable: true });
  }
  for (const name of ["localStorage", "sessionStorage"]) {
    const area = new FakeStorage(name === full);
    const get = () => {
      if (name === blocked) throw new Error("SecurityError");
      return area;
    };
    Object.defineProperty(globalThis, name, { get, configurable: true });
  }
  const browser = {
    lines,
    cookies: jar,
    now: Date.parse("2026-03-01T12:00:00Z"),
    /** A stored object, or undefined. */
    stored: (key, area = "localStorage") => JSON.parse(globalThis[area].getItem(key)) ?? undefined,
    store: (key, value, area = "localStorage") => globalThis[area].setItem(key, JSON.stringify(value)),
  };
  Date.now = () => browser.now;
  return browser;
}

/** Takes the codes that wait for their messages, so that each test sees its own. */
export const takeCodes = (pendingCodes) => pendingCodes.splice(0);
