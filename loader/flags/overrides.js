/**
 * Overrides by the person who opens the page: the arm and flags in its address, and the token of a QA link. Only page views
 * that have one load this script, and their decision waits for it.
 */
import { log } from "../util/log.js";
import { hasOwn, toJson, tryOrNull } from "../util/safe.js";

const flagKey = /^(?!(__proto__|constructor|prototype)$)[\w.-]{1,64}$/;

// With this prefix no other host can set the cookie. It ends with the browser's session.
const tokenCookie = () => (location.protocol === "https:" ? "__Host-canary_qa" : "canary_qa");

/**
 * Reads the overrides: `?canary=canary`, `?canary=stable`, `?canary.flag=KEY:JSON` and `?canary.qa=TOKEN`. The first of each
 * counts. A token leaves the address at once, so that nobody copies it from there.
 *
 * @param {PageState} page
 */
export async function readOverrides(page) {
  const query = new URLSearchParams(location.search);
  const arms = query.getAll("canary");
  const isArm = (/** @type {string} */ arm) => arm === "canary" || arm === "stable";
  const arm = arms.find(isArm);
  /** @type {Map<string, unknown>} */
  const flags = new Map();
  let isMalformed = !arms.every(isArm);
  for (const text of query.getAll("canary.flag")) {
    const [, key = "", json = ""] = /^([^:]*):([^]*)$/.exec(text) ?? [];
    const value = tryOrNull(() => [JSON.parse(json)]);
    if (!value || !flagKey.test(key)) isMalformed = true;
    else if (!flags.has(key)) flags.set(key, value[0]);
  }
  const isUsed = !!arm || flags.size > 0;
  const declared = (/** @type {any} */ { FEATURE_FLAGS }) =>
    [...flags].filter(([key, value]) => hasOwn(FEATURE_FLAGS, key) && declares(FEATURE_FLAGS[key], value));

  const token = readToken(query);
  const hash = await hashOf(token);
  /** @type {Overrides["tokenLevel"]} */
  const tokenLevel = (config) => {
    const tokens = config?.OVERRIDES?.tokens;
    const listed = hash && Array.isArray(tokens) && tokens.find((one) => one?.hash === hash);
    if (listed) setCookie(token);
    return !listed ? 0 : listed.always === true ? 2 : 1;
  };

  page.overrides = {
    arm,
    tokenLevel,
    isUsed: (config) => !!arm || tokenLevel(config) > 0,

    flags: (config) => (config?.OVERRIDES?.query === true && config.CANARY_PERCENTAGE ? declared(config) : []),

    clear(key) {
      if (key === undefined) flags.clear();
      else flags.delete(key);
    },

    // It does not quote the address, which an attacker may have written.
    notice(config) {
      const level = tokenLevel(config);
      if (token && !level) setCookie("", "; Max-Age=0");
      const { OVERRIDES, FEATURE_FLAGS, CANARY_PERCENTAGE } = config;
      const expected = isMalformed
        ? "?canary=canary, ?canary=stable or ?canary.flag=KEY:JSON"
        : token && !level
          ? "a token that OVERRIDES.tokens lists"
          : isUsed && OVERRIDES?.query !== true
            ? "OVERRIDES.query to be true for an override in the URL"
            : (isUsed || level === 1) && CANARY_PERCENTAGE === 0
              ? "CANARY_PERCENTAGE above 0 for an override in the URL"
              : ![...flags.keys()].every((key) => hasOwn(FEATURE_FLAGS, key))
                ? "an override of a flag in the config"
                : declared(config).length < flags.size && "an override with a value that its flag declares";
      return expected && `E701 expected ${expected}; it is ignored`;
    },
  };
}

/**
 * Whether a flag declares a value: that of a variant, or without variants its default and what its rules serve. `true` and
 * `false` are one type.
 *
 * @param {any} definition
 * @param {unknown} value
 */
function declares(definition, value) {
  const { variants, rules = [], default: fallback = false } = Object(definition);
  const declared = variants
    ? Object.values(variants).map((variant) => variant?.value)
    : [fallback, ...[rules].flat().map((rule) => rule?.serve)];
  const isBoolean = (/** @type {unknown} */ one) => typeof one === "boolean";
  if (!variants && isBoolean(value)) return declared.some(isBoolean);
  return declared.some((one) => toJson(one) === toJson(value));
}

/** The token of a QA link, or of one that was opened before. @param {URLSearchParams} query */
function readToken(query) {
  const [token] = query.getAll("canary.qa");
  if (token !== undefined) {
    const rest = location.search
      .slice(1)
      .split("&")
      .filter((part) => !/^canary\.qa(=|$)/.test(part))
      .join("&");
    const address = `${location.pathname}${rest && `?${rest}`}${location.hash}`;
    tryOrNull(() => history.replaceState(history.state, "", address));
  }
  const kept = new RegExp(`(?:^|; )${tokenCookie()}=([\\w-]+)`).exec(tryOrNull(() => document.cookie) ?? "")?.[1];
  return token ?? kept ?? "";
}

/** The hash of a token as the config lists it; "" where the browser computes none. @param {string} token */
async function hashOf(token) {
  if (!/^[\w-]{1,128}$/.test(token)) return "";
  try {
    const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(`qa:${token}`));
    return `sha256:${[...new Uint8Array(digest)].map((byte) => byte.toString(16).padStart(2, "0")).join("")}`;
  } catch {
    log("E701 canary.qa: expected a page of https or localhost; it is ignored");
    return "";
  }
}

/** @param {string} token @param {string} [end] */
function setCookie(token, end = "") {
  const secure = location.protocol === "https:" ? "; Secure" : "";
  tryOrNull(() => (document.cookie = `${tokenCookie()}=${token}; Path=/; SameSite=Lax${secure}${end}`));
}
