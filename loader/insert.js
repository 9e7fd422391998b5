const styleWaitMs = 2000; // until then the scripts wait for the styles

const append = (tag, properties) => {
  const node = Object.assign(document.createElement(tag), { crossOrigin: "anonymous", ...properties });
  document.head.append(node);
  return node;
};

/** Asks for a bundle's scripts ahead of their insertion, in the way in which that will ask for them. */
export function announce({ scripts }, nonce) {
  for (const { src, integrity = "" } of scripts) append("link", { nonce, rel: "preload", as: "script", integrity, href: src });
}

/**
 * Puts a bundle into the page. Resolves when its scripts are loaded; rejects with the first address that is not, and
 * then takes all of it out again. Styles come before scripts, so that nothing is shown without them.
 */
export async function insert({ scripts, styles = [], preload = [] }, variant, nonce) {
  document.documentElement.dataset.canaryVariant = variant;
  const nodes = [];
  const add = (tag, address, properties) =>
    new Promise((resolve, reject) => {
      nodes.push(append(tag, { nonce, onload: resolve, onerror: () => reject(address), ...properties }));
    });
  // Images are requested without CORS, and would not match a preload with it.
  const link = (rel, { href, integrity = "", as = "" }) =>
    add("link", href, { rel, as, integrity, crossOrigin: as === "image" ? null : "anonymous", href });
  // Stable without its styles is better than no stable; a canary without them is broken.
  const isCanary = variant === "canary";
  const refuse = (address) => {
    if (isCanary) throw address;
  };

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
    const script = ({ src, type, integrity = "" }) =>
      add("script", src, { type: type === "classic" ? "" : "module", async: false, integrity, src });
    await Promise.all(scripts.map(script));
  } catch (address) {
    for (const node of nodes) node.remove();
    throw address;
  }
}
