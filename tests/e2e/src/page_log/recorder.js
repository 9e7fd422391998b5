// Sends what this page view says of itself to the server of the test, each thing before the next can happen.
globalThis.e2e = (() => {
  const Request = XMLHttpRequest;
  const beacon = navigator.sendBeacon.bind(navigator);
  const { stringify } = JSON;
  const view = `${performance.timeOrigin}-${Math.random()}`;

  const log = (kind, name, detail = null) => {
    const text = stringify({ view, kind, name, detail });
    try {
      const request = new Request();
      request.open("POST", "/.e2e/log", false);
      request.send(text);
    } catch {
      beacon("/.e2e/log", text); // a page that is about to go may not wait
    }
  };

  for (const level of ["debug", "log", "info", "warn", "error"]) {
    const say = console[level];
    console[level] = (...words) => {
      log("console", level, words.map(String).join(" "));
      say.apply(console, words);
    };
  }
  // A resource that did not load is no error of a script, and has no message.
  addEventListener("error", ({ message, filename }) => message && log("error", "error", `${message} (${filename})`));
  addEventListener("unhandledrejection", ({ reason }) => log("error", "unhandledrejection", String(reason)));
  log("view", location.pathname + location.search);

  return {
    view,
    log,
    listen() {
      const types = ["ready", "error", "exposure", "fallback", "stale", "configurationChanged", "superseded"];
      const runtime = globalThis[Symbol.for("canary-runtime")];
      for (const type of types) runtime?.on(type, (detail) => log("event", type, detail));
    },
  };
})();
