/** Inserts a bundle's elements, takes them out again, and finds out why one of them did not load. */
import { log } from "../util/log.js";
import { tryOrNull } from "../util/safe.js";

const styleTimeoutMs = 2000; // the scripts wait so long for the styles

/** @type {{ createScriptURL: (url: string) => any } | null | undefined} */
let trustedTypesPolicy;

/**
 * Inserts a bundle element by element. Styles come before scripts, so that nothing is shown without them. `loaded` resolves
 * once all scripts are loaded. It rejects with a `StartFailure` where one is not; all elements are taken out then.
 * `remove` takes them out at any time, and scripts that have not run by then do not run any more.
 *
 * @param {Bundle} bundle
 * @param {Arm} variant
 * @param {Append} append
 */
export function insertBundle(bundle, variant, append) {
  document.documentElement.dataset.canaryVariant = variant;
  // Of an earlier view, where a prerenderer has saved the page with them.
  const saved = document.documentElement.querySelectorAll("[data-canary-inserted]");
  /** @type {HTMLElement[]} */
  const nodes = [];
  let isRemoved = false;
  /** @type {AddElement} */
  const add = (tag, address, properties) =>
    new Promise((resolve, reject) => {
      if (isRemoved) return reject(address);
      const node = append(tag, { onload: resolve, onerror: () => reject(address), ...properties });
      node.dataset.canaryInserted = "";
      nodes.push(node);
    });
  const remove = () => {
    isRemoved = true;
    // A script that is still loading does not run in another document.
    for (const node of nodes) new Document().adoptNode(node);
  };
  // The page is styled by them until those of this bundle are there.
  const onStyled = () => saved.forEach((node) => node.remove());
  return { loaded: addElements(bundle, variant === "canary", add, remove, onStyled), remove };
}

/**
 * @param {Bundle} bundle
 * @param {boolean} isCanary
 * @param {AddElement} add
 * @param {() => void} remove
 * @param {() => void} onStyled
 */
async function addElements({ scripts, styles = [], preload = [] }, isCanary, add, remove, onStyled) {
  /** @param {string} rel @param {BundleLink} link */
  const addLink = (rel, { href, integrity = "", as = "" }) =>
    // Images are requested without CORS, and would not match a preload with it.
    add("link", href, { rel, as, integrity, href, ...(as === "image" && { crossOrigin: null }) });
  /** @param {BundleScript} script */
  const addScript = async ({ src, type, integrity = "" }) => {
    // Several scripts run in their order, which can make them wait for one that hangs.
    const async = scripts.length === 1;
    const properties = { type: type === "classic" ? "" : "module", async, integrity, src: trustedUrl(src) };
    try {
      await add("script", src, properties);
    } catch (fault) {
      if (isCanary && fault !== src) code = "E702";
      if (isCanary || fault === src) throw src;
      // Trusted Types block a plain address in a script, but not in an import.
      await import(new URL(src, document.baseURI).href).catch(() => Promise.reject(src));
    }
    hasRun = true;
  };
  let code = "E407";
  let hasRun = false;

  try {
    // Preloads are hints, and may fail. Imports find a file only where it was preloaded as a module; those check no
    // integrity here, because the script tag does.
    const isModule = (/** @type {BundleLink} */ { as }) =>
      as === "script" && scripts.some(({ type }) => type !== "classic");
    for (const link of preload) {
      const hint = isModule(link)
        ? addLink("modulepreload", { href: link.href, as: "script" })
        : addLink("preload", link);
      hint.catch(() => {});
    }
    // A canary without its styles is broken; stable without them is better than no stable.
    const styled = styles.map((link) =>
      addLink("stylesheet", link).catch((address) => {
        if (isCanary) throw address;
      }),
    );
    const timeout = new Promise((resolve, reject) => {
      setTimeout(isCanary ? reject : resolve, styleTimeoutMs, `a stylesheet, within ${styleTimeoutMs} ms,`);
    });
    await Promise.race([Promise.all(styled), timeout]);
    onStyled();
    code = "E401";
    await (isCanary ? Promise.all(scripts.map(addScript)) : all(scripts.map(addScript)));
  } catch (address) {
    if (isCanary) remove();
    throw { fault: `${code} ${address} did not load`, address, hasRun };
  }
}

/** Waits for all, and rejects with the first reason there is. @param {Promise<void>[]} promises */
async function all(promises) {
  for (const result of await Promise.allSettled(promises)) if (result.status === "rejected") throw result.reason;
}

/**
 * An address that Trusted Types allow in a script. It is the page's own, or was checked when the config was read.
 *
 * @param {string} url
 */
function trustedUrl(url) {
  const { trustedTypes } = /** @type {any} */ (globalThis);
  const rules = { createScriptURL: (/** @type {string} */ url) => url };
  trustedTypesPolicy ??= tryOrNull(() => trustedTypes.createPolicy("canary-runtime", rules));
  if (!trustedTypesPolicy && trustedTypes) {
    log("E702 the page's policy refuses the Trusted Types policy canary-runtime; stable loads");
  }
  trustedTypesPolicy ??= rules;
  return trustedTypesPolicy.createScriptURL(url);
}

/**
 * The fault of a script that did not load, more exactly where a request can tell.
 *
 * @param {string} fault
 * @param {string} address
 * @param {Bundle} bundle
 */
export async function diagnoseLoadError(fault, address, { scripts }) {
  try {
    const reply = await fetch(address, { cache: "no-store" });
    if (!reply.ok) return `E401 ${address} answered ${reply.status}`;
    if (/html/.test(reply.headers.get("content-type") ?? "")) return `E402 ${address} is a web page`;
  } catch {
    return fault;
  }
  const { integrity } = scripts.find(({ src }) => src === address) ?? {};
  if (!integrity) return fault; // a file that the script imports may be missing
  const mismatch = () => `E408 ${address} does not match its integrity`;
  return fetch(address, { cache: "no-store", integrity }).then(() => fault, mismatch);
}
