/** Evaluation contexts: the visitor of the page, the attributes of page and browser, and their encoding for the engine. */
import { encode } from "../host.js";
import { ensureDeviceId } from "../storage/identity.js";
import { isObject, tryOrNull } from "../util/safe.js";

/** Crawlers of search engines and link previews, which get stable. Phones by Cubot are none. */
export const crawlers = /[^u]bot\b|crawl|spider|slurp|externalhit|preview/i;

/**
 * The visitor that this page view decides for, with a device id where one is allowed.
 *
 * @param {Settings} settings
 * @param {() => string} newDeviceId
 * @returns {Visitor}
 */
export function createVisitor({ attributes, origins, userId, ...settings }, newDeviceId) {
  const isForbidden = settings.private || crawlers.test(navigator.userAgent);
  const targetingKey = isForbidden ? "" : userId || ensureDeviceId(newDeviceId);
  const kind = !targetingKey ? "anonymous" : navigator.webdriver ? "bot" : "identified";
  const query = new URLSearchParams(location.search);
  const context = encodeContext({ targetingKey, attributes }, readAttributes(), {
    visitor: kind,
    origins,
    arm: query.getAll("canary"),
    flagOverrides: query.getAll("canary.flag"),
  });
  return { targetingKey, attributes, kind, context };
}

/**
 * Encodes a context for the engine; null where it is none: no object, a key that is no text, attributes that JSON cannot
 * hold.
 *
 * @param {any} context
 * @param {object} [base] attributes that those of the context override
 * @param {object} [members] further members of the encoded context
 */
export const encodeContext = (context, base, members) =>
  tryOrNull(() => {
    const { targetingKey = "", attributes = {} } = context;
    const isValid = isObject(context) && typeof targetingKey === "string" && isObject(attributes);
    if (!isValid) return null;
    // Attributes are a text of their own, so that the engine can drop them where they are nested too deep.
    return encode(JSON.stringify({ targetingKey, attributes: JSON.stringify({ ...base, ...attributes }), ...members }));
  });

/** Attributes of page and browser that rules can use. */
export const readAttributes = () => ({
  url: { path: location.pathname, host: location.host },
  language: navigator.language,
  device: deviceType(navigator),
  cookie: firstOfEach(tryOrNull(() => document.cookie.split("; ").map((pair) => pair.split(/=(.*)/)))),
  query: firstOfEach([...new URLSearchParams(location.search)]),
});

/** Members from pairs; as on servers, the first of a name counts. @param {string[][] | null} pairs */
const firstOfEach = (pairs) => Object.fromEntries(pairs?.reverse() ?? []);

/** An iPad says that it is a Mac, which has no touch screen. @param {Navigator} navigator */
const deviceType = ({ userAgent, maxTouchPoints }) =>
  /iPad|Tablet|Android(?!.*Mobile)/.test(userAgent) || (/Macintosh/.test(userAgent) && maxTouchPoints > 1)
    ? "tablet"
    : /Mobi/.test(userAgent)
      ? "mobile"
      : "desktop";
