import { attempt } from "../util/safe.js";
import { encode } from "../util/encode.js";

/** Whether it is what JSON calls an object. */
export const isObject = (value) => ({}).toString.call(value) === "[object Object]";

/**
 * A context as the module takes it, `more` for its other members, or null where it is none: no object, a key that is no
 * text, attributes that JSON cannot hold. `base` are attributes that those of the context stand before.
 */
export const encodeContext = (context, base, more) =>
  attempt(() => {
    const { targetingKey = "", attributes = {} } = context;
    const sound = isObject(context) && typeof targetingKey === "string" && isObject(attributes);
    if (!sound) return null;
    // A text of its own, so that the module can do without it.
    return encode(JSON.stringify({ targetingKey, attributes: JSON.stringify({ ...base, ...attributes }), ...more }));
  });

/** What the runtime knows of page and browser by itself. Spreads and entries make plain members of any name. */
export const readAttributes = () => ({
  url: { path: location.pathname, host: location.host },
  language: navigator.language,
  device: device(navigator),
  cookie: members(attempt(() => document.cookie.split("; ").map((pair) => pair.split(/=(.*)/)))),
  query: members([...new URLSearchParams(location.search)]),
});

/** Of several with one name the first counts, as on servers. */
const members = (pairs) => Object.fromEntries(pairs?.reverse() ?? []);

// An iPad says that it is a Mac, which has no touch screen.
const device = ({ userAgent, maxTouchPoints }) =>
  /iPad|Tablet|Android(?!.*Mobile)/.test(userAgent) || (/Macintosh/.test(userAgent) && maxTouchPoints > 1)
    ? "tablet"
    : /Mobi/.test(userAgent)
      ? "mobile"
      : "desktop";
