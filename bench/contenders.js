/** All contenders: what a page of each one consists of, and where its code comes from. */
import { readFileSync } from "node:fs";

/**
 * @typedef {object} Contender
 * @property {string} name
 * @property {string} label
 * @property {"none" | "peer" | "runtime"} kind
 * @property {string} [module] the script in contenders/ that is bundled for the page
 * @property {string} [package] whose version the table names
 * @property {string} [format] of the config, see flags.js
 * @property {string} [wasm] a file of the package that the page loads as well
 * @property {number} [percentage] of users with the canary, 5 if it is not there
 * @property {boolean} [bundlePreloaded] whether the page preloads stable's bundle
 */

/** @type {Contender[]} */
export const contenders = [
  { name: "static", label: "static page, no flags", kind: "none" },
  { name: "sha256", label: "plain JavaScript, SHA-256", kind: "peer", package: "@noble/hashes", format: "plain" },
  { name: "murmur", label: "plain JavaScript, MurmurHash", kind: "peer", package: "murmurhash", format: "plain" },
  {
    name: "growthbook_client",
    label: "GrowthBookClient",
    kind: "peer",
    package: "@growthbook/growthbook",
    format: "growthbook",
  },
  {
    name: "growthbook_client_preloaded",
    label: "GrowthBookClient, stable preloaded",
    kind: "peer",
    module: "growthbook_client",
    package: "@growthbook/growthbook",
    format: "growthbook",
    bundlePreloaded: true,
  },
  { name: "growthbook", label: "GrowthBook", kind: "peer", package: "@growthbook/growthbook", format: "growthbook" },
  { name: "flagd", label: "flagd-core", kind: "peer", package: "@openfeature/flagd-core", format: "flagd" },
  {
    name: "flipt",
    label: "Flipt",
    kind: "peer",
    package: "@flipt-io/flipt-client-js",
    format: "flipt",
    wasm: "dist/flipt_engine_wasm_js_bg.wasm",
  },
  { name: "configcat", label: "ConfigCat", kind: "peer", package: "@configcat/sdk", format: "configcat" },
  { name: "canary_stable", label: "canary-runtime, user on stable", kind: "runtime", format: "canary" },
  {
    name: "canary_canary",
    label: "canary-runtime, user on the canary",
    kind: "runtime",
    format: "canary",
    percentage: 95,
  },
];

/** The bundle that the contender's visitor gets. @param {Contender} contender */
export const expectedVariant = ({ percentage = 5 }) => (percentage > 50 ? "canary" : "stable");

const read = (path) => JSON.parse(readFileSync(new URL(path, import.meta.url), "utf8"));

/** The version of a contender's package, empty if it has none. @param {Contender} contender */
export function versionOf({ package: name, kind }) {
  if (kind === "runtime") return read("../pkg/package.json").version;
  return name ? read(`node_modules/${name}/package.json`).version : "";
}
