// Inline guard: loads stable even where canary.js cannot. It stands in the page, before the tag of canary.js.
//
// `canaryctl guard` prints it as it goes into a page: without comments and white space, and otherwise unchanged, so that
// its hash depends on this file alone. Hence short names, comments on lines of their own, a semicolon after every
// statement, and no white space that matters next to punctuation, but in quotes.
{
  const root = document.documentElement.dataset;
  // The runtime counts its budget from here.
  const start = (window[Symbol.for("canary-guard")] = performance.now());
  const find = (query) => document.querySelector(query);

  // Called for every error in the page and, without one, by the timer. Errors of elements are known by the address of the
  // element, those of code by its file. The tag is looked up each time, because it is parsed after the guard has run.
  const check = ({ target, filename = target?.src } = {}) => {
    const { src, nonce, dataset: data } = find("[data-canary-guard]~[type=module][src]") ?? { src: 0, dataset: {} };
    const runtime = window[Symbol.for("canary-runtime")];
    const budget = data.decisionBudget;
    // A runtime that has started keeps to the budget by itself, so the guard gives it twice the time.
    const limit = (budget >= 1 && budget <= 60000 ? budget : 1500) * (runtime ? 2 : 1);
    const isLate = performance.now() - start > limit;
    // The latch between guard and runtime: each sets the variant before it inserts a bundle.
    const variant = root.canaryVariant;
    if (!variant && !isLate && filename !== src) return;
    clearInterval(timer);
    removeEventListener("error", check, true);
    if (variant) return;
    root.canaryVariant = "stable";
    const fault = isLate
      ? `E103 canary.js did not ${runtime ? "decide" : "start"} within ${limit} ms`
      : "E201 canary.js did not load";
    console.warn(`[canary] ${fault}; stable loads`);

    let policy = { createScriptURL: (url) => url };
    // Fails without Trusted Types, and where the page's policy refuses it; the plain address is tried then.
    try {
      policy = trustedTypes.createPolicy("canary-runtime", policy);
    } catch {}
    // The last resort, as in the runtime: a script of stable did not load, and the page shows nothing.
    const showErrorPage = ({ target }) => {
      if (document.body?.innerText.trim() !== "") return;
      console.warn(`[canary] E501 ${target.src} did not load`);
      const button = document.createElement("button");
      button.textContent = "Try again";
      button.onclick = () => location.reload();
      document.body.append("This page could not be loaded. ", button);
    };
    // Links and scripts ignore each other's properties.
    const create = ({ href, src = href, type, integrity = "" }) =>
      Object.assign(document.createElement(href ? "link" : "script"), {
        nonce,
        crossOrigin: "anonymous",
        integrity,
        rel: "stylesheet",
        async: false,
        type: href || type === "classic" ? "" : "module",
        href,
        onerror: href ? null : showErrorPage,
        src: policy.createScriptURL(src.trim()),
      });
    // The first bundle that can be read is inserted: the page's block, else the attributes of the tag.
    for (const read of [
      () => JSON.parse(find("[data-canary-stable]").text),
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
