// Inline guard: loads stable even where canary.js cannot. It stands in the page, before the tag of canary.js.
//
// `canaryctl guard` prints it as it goes into a page: without comments and white space, and otherwise unchanged, so that
// its hash depends on this file alone. Hence short names, comments on lines of their own, a semicolon after every
// statement, and no white space that matters next to punctuation, but in quotes. No template literals, because template
// engines of servers replace what is in braces.
{
  const root = document.documentElement;
  // Of an earlier view, where a prerenderer has saved the page with it.
  delete root.dataset.canaryVariant;
  // The runtime counts its budget from here.
  const key = Symbol.for("canary-guard");
  window[key] = performance.now();

  // Called for every error in the page and, without one, by the timer. An error is that of the tag, or of code in its file.
  // The tag is looked up each time, because it is parsed after the guard has run, and not in the document, where a form named
  // querySelector would hide the method.
  const check = ({ target, filename } = 0) => {
    const tag = root.querySelector("script[data-canary-guard]~script[type=module][src]");
    const { src = 0, nonce, dataset: data = 0 } = tag ?? 0;
    const budget = data.decisionBudget;
    // A runtime that has started keeps to the budget by itself, so the guard gives it twice the time.
    const limit = (budget >= 1 && budget <= 6e4 ? budget : 1500) * (window[Symbol.for("canary-runtime")] ? 2 : 1);
    // No bundle runs while the page still arrives, and in WebKit neither does the runtime.
    if (document.readyState === "loading") window[key] = performance.now();
    const isLate = performance.now() > window[key] + limit;
    // The latch between guard and runtime: each sets the variant before it inserts a bundle.
    const variant = root.dataset.canaryVariant;
    if (!variant && !isLate && target !== tag && filename !== src) return;
    clearInterval(timer);
    removeEventListener("error", check, true);
    if (variant) return;
    root.dataset.canaryVariant = "stable";
    console.warn(
      "[canary] " +
        (isLate ? "E103 no decision within " + limit + " ms" : "E201 canary.js did not load") +
        "; stable loads",
    );

    // A script of the page would have been in time for these events. Where one is over, a listener that is added is called.
    const call = (type, listener) =>
      listener?.call &&
      performance.timing[
        { DOMContentLoaded: "domContentLoadedEventStart", readystatechange: "domComplete", load: "loadEventStart" }[
          type
        ]
      ] &&
      setTimeout(listener, 0, new Event(type));

    // A form of that name hides the document's own method.
    const make = Document.prototype.createElement.bind(document);
    // Links and scripts ignore each other's properties, whose order is the one that compresses best.
    const create = ({ integrity, type, href, src = href }) =>
      Object.assign(make(href ? "link" : "script"), {
        onload() {
          // A script that has run is inert, or it would run once more where a prerenderer saves the page.
          href || (this.type = 0);
          if (window.onload !== onload) call("load", (onload = window.onload));
        },
        src: policy.createScriptURL(src.trim()),
        async: false,
        onerror: href ? null : (event) => setTimeout(fail, 2000, event),
        // What is classic needs CORS for its integrity only. A page of a file or in a sandbox has the origin "null", which
        // servers refuse; without CORS no integrity would match there.
        ...(origin[4] && integrity && { integrity, crossOrigin: "" }),
        nonce,
        // A link has none: in WebKit an empty type is not that of a stylesheet.
        [href || "type"]: type === "classic" ? "" : "module",
        rel: "stylesheet",
        href,
      });

    let { onload } = window;
    // The listener is added before it may be called.
    for (const target of [document, window])
      target.addEventListener = (...args) => call(...args, EventTarget.prototype.addEventListener.apply(target, args));

    let policy = { createScriptURL: (url) => url };
    // Fails without Trusted Types, and where the page's policy refuses it; the plain address is tried then.
    try {
      policy = trustedTypes.createPolicy("canary-runtime", policy);
    } catch {}
    // The last resort, as in the runtime: a script of stable did not load, and the page shows nothing.
    const fail = ({ target }) => {
      if (document.body.innerText.trim()) return;
      console.warn("[canary] E501 " + target.src + " did not load");
      document.body.append(
        "This page could not be loaded. ",
        Object.assign(make("button"), {
          innerText: "Try again",
          onclick: () => (location = location.href.split("#")[0]),
        }),
      );
    };
    // The first bundle that can be read is inserted: the page's block, else the attributes of the tag.
    for (const read of [
      () => JSON.parse(root.querySelector("script[data-canary-stable]").text),
      () => ({
        scripts: [{ src: data.stable || "/stable/main.js", integrity: data.stableIntegrity }],
        styles: data.stableStyles?.match(/\S+/g)?.map((href) => ({ href })),
      }),
    ])
      try {
        const {
          scripts: [first, ...rest],
          styles = [],
        } = read();
        document.head.append(...[...styles, first, ...rest].map(create));
        break;
      } catch {}
  };

  const timer = setInterval(check, 50);
  addEventListener("error", check, true);
}
