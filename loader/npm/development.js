/** Pages and config of a development server. */
import { readFileSync } from "node:fs";

export const folder = "@canary/"; // of what the development server adds, below its base path

/** The config in a file: bare JSON, or the literal block of a ConfigMap. @param {string} file */
function readConfig(file) {
  const text = readFileSync(file, "utf8").replace(/^\ufeff/, "");
  if (/^\s*\{/.test(text)) return JSON.parse(text);
  const [, indent = "", block] =
    /^( *)"?config\.json"?: *\|[-+]? *\r?\n((?:\1 +.*(?:\r?\n|$)|\s*\r?\n)+)/m.exec(text) ?? [];
  if (!block) throw new Error(`expected JSON, or a ConfigMap with "${indent}config.json: |"`);
  return JSON.parse(block);
}

/**
 * The config for a page under development: its flags, and the sources as the only bundle. Nothing is reported.
 *
 * @param {string | undefined} file
 * @param {(message: string) => void} warn
 */
export function developmentConfig(file, warn) {
  const bare = { CANARY_PERCENTAGE: 0, FEATURE_FLAGS: {} };
  if (!file) return bare;
  try {
    const { SCHEMA_VERSION, SALT, REVISION, SEGMENTS, FEATURE_FLAGS } = readConfig(file);
    return { ...bare, SCHEMA_VERSION, SALT, REVISION, SEGMENTS, FEATURE_FLAGS };
  } catch (error) {
    warn(`canary-runtime: cannot read ${file}: ${/** @type {Error} */ (error).message}; flags have their defaults`);
    return bare;
  }
}

/**
 * A page whose entry the runtime inserts, as it does in a build: so flags can be read as soon as the entry runs.
 *
 * @param {string} html
 * @param {string} base
 * @param {Record<string, string | number>} data
 */
export function includeRuntime(html, base, data) {
  /** @type {{ src: string }[]} */
  const scripts = [];
  const isOurs = (/** @type {string} */ src) => !/^(\w+:)?\/\//.test(src) && !src.includes("/@");
  let first = -1;
  const rest = html.replace(/<!--[^]*?-->|<script\b[^>]*>\s*<\/script>/gi, (element, /** @type {number} */ offset) => {
    const src = /\ssrc\s*=\s*["']?([^"'\s>]+)/i.exec(element)?.[1];
    const isModule = /\stype\s*=\s*["']?module\b/i.test(element);
    if (!src || !isModule || element.startsWith("<!--") || !isOurs(src)) return element;
    if (!scripts.length) first = offset;
    scripts.push({ src: src.replaceAll("&amp;", "&") });
    return "";
  });
  if (!scripts.length) return html;
  const all = { config: `${base}${folder}config.json`, "decision-budget": 20_000, ...data };
  const escape = (/** @type {unknown} */ value) => `${value}`.replaceAll("&", "&amp;").replaceAll('"', "&quot;");
  const attributes = Object.entries(all).map(([key, value]) => ` data-${key}="${escape(value)}"`);
  const stable = JSON.stringify({ scripts }).replaceAll("<", "\\u003c");
  return `${rest.slice(0, first)}<script type="application/json" data-canary-stable>${stable}</script>
<script type="module" src="${base}${folder}canary.js"${attributes.join("")}></script>${rest.slice(first)}`;
}
