/** Evaluation contexts: the visitor of the page, and the attributes of page and browser. */
import { ensureDeviceId } from "../storage/identity.js";
import { isObject, tryOrNull } from "../util/safe.js";

/** Crawlers of search engines and link previews, which get stable. Phones by Cubot are none. */
export const crawlers = /[^u]bot\b|crawl|spider|slurp|externalhit|preview/i;

/** Contexts of the engine: the device, the user that the page has identified, another one, and one without attributes. */
export const contexts = { device: 0, user: 1, other: 2, keyOnly: 3 };

/**
 * The visitor that this page view decides for, with a device id where one is allowed. The engine knows them from now on.
 *
 * @param {Settings} settings
 * @param {Omit<Engine, "visitor">} engine
 * @returns {Visitor}
 */
export function createVisitor({ attributes, userId, ...settings }, { newDeviceId, setContext }) {
  const isForbidden = settings.private || crawlers.test(navigator.userAgent);
  const targetingKey = isForbidden ? "" : userId || ensureDeviceId(newDeviceId);
  const kind = !targetingKey ? "anonymous" : navigator.webdriver ? "bot" : "identified";
  const { device } = contexts;
  // Attributes that are nested too deep are left out.
  if (!setContext(device, targetingKey, { ...readAttributes(), ...attributes })) setContext(device, targetingKey, {});
  return { targetingKey, attributes, kind };
}

/** Whether a value is an evaluation context. Its members may be missing. @param {any} context */
export const isContext = (context) => {
  const { targetingKey = "", attributes = {} } = Object(context);
  return isObject(context) && typeof targetingKey === "string" && isObject(attributes);
};

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
export const deviceType = ({ userAgent, maxTouchPoints }) =>
  /iPad|Tablet|Android(?!.*Mobile)/.test(userAgent) || (/Macintosh/.test(userAgent) && maxTouchPoints > 1)
    ? "tablet"
    : /Mobi/.test(userAgent)
      ? "mobile"
      : "desktop";
