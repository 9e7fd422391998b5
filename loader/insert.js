const styleWaitMs = 2000; // what a late stylesheet may cost before the scripts go ahead without it

/**
 * Puts a bundle into the page. Resolves when its scripts are loaded; rejects with the first address that is not, and
 * then takes all of it out again. Styles come before scripts, so that nothing is shown without them.
 */
export async function insert({ scripts, styles = [], preload = [] }, variant, nonce) {
  document.documentElement.dataset.canaryVariant = variant;
  const nodes = [];
  const add = (tag, address, properties) =>
    new Promise((resolve, reject) => {
      const node = Object.assign(document.createElement(tag), { nonce, crossOrigin: "anonymous", ...properties });
      node.onload = resolve;
      node.onerror = () => reject(address);
      nodes.push(node);
      document.head.append(node);
    });
  // Stable without a stylesheet is better than no stable; a canary without one is broken.
  const refuse = (address) => {
    if (variant === "canary") throw address;
  };
  const link = (rel, { href, integrity = "", as = "" }) => add("link", href, { rel, as, integrity, href });

  try {
    for (const item of preload) link("preload", item).catch(() => {}); // a hint, no part of the bundle
    const styled = Promise.all(styles.map((item) => link("stylesheet", item).catch(refuse)));
    await Promise.race([styled, new Promise((resolve) => setTimeout(resolve, styleWaitMs))]);
    const script = ({ src, type, integrity = "" }) =>
      add("script", src, { type: type === "classic" ? "" : "module", async: false, integrity, src });
    await Promise.all(scripts.map(script));
  } catch (address) {
    for (const node of nodes) node.remove();
    throw address;
  }
}
