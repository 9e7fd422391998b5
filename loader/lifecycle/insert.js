import { trust } from "./trust.js";

const styleWaitMs = 2000; // until then the scripts wait for the styles

/**
 * Puts a bundle into the page, element by element by `append`. `{loaded, takeOut}`: the first resolves when its scripts
 * are loaded; it rejects with `{code, address, ran}`, whether any of its code may have run, where one is not, and then all
 * of it is taken out again. `takeOut` does so at any time: what has not run by then does not run any more. Styles come
 * before scripts, so that nothing is shown without them.
 */
export function insert(bundle, variant, append) {
  document.documentElement.dataset.canaryVariant = variant;
  const nodes = [];
  let isOut = false;
  const add = (tag, address, properties) =>
    new Promise((resolve, reject) => {
      if (isOut) reject(address);
      else nodes.push(append(tag, { onload: resolve, onerror: () => reject(address), ...properties }));
    });
  const takeOut = () => {
    isOut = true;
    // In another document a script that is still on its way does not run.
    for (const node of nodes) new Document().adoptNode(node);
  };
  return { loaded: load(bundle, variant, add, takeOut), takeOut };
}

async function load({ scripts, styles = [], preload = [] }, variant, add, takeOut) {
  // Images are requested without CORS, and would not match a preload with it.
  const link = (rel, { href, integrity = "", as = "" }) =>
    add("link", href, { rel, as, integrity, crossOrigin: as === "image" ? null : "anonymous", href });
  // Stable without its styles is better than no stable; a canary without them is broken.
  const isCanary = variant === "canary";
  const refuse = (address) => {
    if (isCanary) throw address;
  };
  let code = "E407";
  let ran = false;

  try {
    // Hints, no part of the bundle. What imports ask for is found only where it was preloaded as a module; integrity
    // is the script's own matter there.
    const isModule = ({ as }) => as === "script" && scripts.some(({ type }) => type !== "classic");
    for (const item of preload) {
      const hint = isModule(item) ? link("modulepreload", { href: item.href, as: "script" }) : link("preload", item);
      hint.catch(() => {});
    }
    const styled = Promise.all(styles.map((item) => link("stylesheet", item).catch(refuse)));
    const late = new Promise((resolve, reject) => {
      setTimeout(isCanary ? reject : resolve, styleWaitMs, `a stylesheet, within ${styleWaitMs} ms,`);
    });
    await Promise.race([styled, late]);
    code = "E401";
    // Several keep their order, and wait for whatever is to run before them: also for what hangs and was taken out.
    const async = scripts.length === 1;
    const script = ({ src, type, integrity = "" }) => {
      const properties = { type: type === "classic" ? "" : "module", async, integrity, src: trust(src) };
      return add("script", src, properties).catch(async (fault) => {
        if (isCanary && fault !== src) code = "E702";
        if (isCanary || fault === src) throw src;
        // Trusted Types let no plain address into a script, but into an import.
        await import(new URL(src, document.baseURI)).catch(() => Promise.reject(src));
      });
    };
    await Promise.all(scripts.map((item) => script(item).then(() => (ran = true))));
  } catch (address) {
    takeOut();
    throw { code, address, ran };
  }
}
