// The inline guard: stable loads even where canary.js cannot. Stands in the page, before the tag of canary.js.
//
// `canaryctl guard` prints it as it goes into a page: without comments and white space, which is all that is done to it,
// so that its hash depends on this file alone. Hence short names, comments on lines of their own, a semicolon after
// every statement, and no white space that matters next to punctuation, but in quotes.
{
  const root = document.documentElement.dataset;
  // The runtime counts its budget from here.
  const start = (window[Symbol.for("canary-guard")] = performance.now());
  const find = (it) => document.querySelector(it);

  // Called for every error in the page and, without one, by the timer. Errors of elements are known by the address of the
  // element, those of code by its file. The tag is looked for each time: it is parsed after the guard has run.
  const look = ({ target, filename = target?.src } = {}) => {
    const { src, nonce, dataset: data } = find("[data-canary-guard]~[type=module][src]") ?? { src: 0, dataset: {} };
    const there = window[Symbol.for("canary-runtime")];
    const set = data.decisionBudget;
    // A runtime that is there keeps to the budget by itself: once more as long is enough for it.
    const limit = (set >= 1 && set <= 60000 ? set : 1500) * (there ? 2 : 1);
    const late = performance.now() - start > limit;
    // The latch between guard and runtime: whoever inserts a bundle sets it first.
    const decided = root.canaryVariant;
    if (!decided && !late && filename !== src) return;
    clearInterval(timer);
    removeEventListener("error", look, true);
    if (decided) return;
    root.canaryVariant = "stable";
    const why = late ? `E103 canary.js did not ${there ? "decide" : "start"} within ${limit} ms` : "E201 canary.js did not load";
    console.warn(`[canary] ${why}; stable loads`);

    let policy = { createScriptURL: (url) => url };
    // Without Trusted Types there is nothing to ask, and where the page's policy refuses it may still do without.
    try {
      policy = trustedTypes.createPolicy("canary-runtime", policy);
    } catch {}
    // The last resort, as the runtime has it: a script of stable did not load, and nothing is on the screen.
    const apologise = ({ target }) => {
      if (document.body?.innerText.trim() !== "") return;
      console.warn(`[canary] E501 ${target.src} did not load`);
      const button = document.createElement("button");
      button.textContent = "Try again";
      button.onclick = () => location.reload();
      document.body.append("This page could not be loaded. ", button);
    };
    // What a link has no use for does it no harm, nor does it a script.
    const make = ({ href, src = href, type, integrity = "" }) =>
      Object.assign(document.createElement(href ? "link" : "script"), {
        nonce,
        crossOrigin: "anonymous",
        integrity,
        rel: "stylesheet",
        async: false,
        type: href || type === "classic" ? "" : "module",
        href,
        onerror: href ? null : apologise,
        src: policy.createScriptURL(src.trim()),
      });
    // The first that can be made counts: the page's block, where it is there and sound, else what the tag says.
    for (const read of [
      () => JSON.parse(find("[data-canary-stable]").text),
      () => ({
        scripts: [{ src: data.stable || "/stable/main.js", integrity: data.stableIntegrity }],
        styles: data.stableStyles?.match(/\S+/g)?.map((href) => ({ href })),
      }),
    ])
      try {
        const { scripts: [first, ...rest], styles = [] } = read();
        document.head.append(...[...styles, first, ...rest].map(make));
        break;
      } catch {}
  };

  const timer = setInterval(look, 50);
  addEventListener("error", look, true);
}
