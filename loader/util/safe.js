/** Operations that never throw, for values that come from the page and for storage that may be blocked. */

/**
 * Runs an action, and returns null where it throws.
 *
 * @template T
 * @param {() => T} action
 */
export function tryOrNull(action) {
  try {
    return action();
  } catch {
    return null;
  }
}

/**
 * Text for a thrown value or for one of its properties. Pages can throw anything, also values without a text.
 *
 * @param {any} error
 * @param {string} [property]
 */
export const errorText = (error, property) =>
  tryOrNull(() => `${property ? error[property] : error}`) ?? "an error without a text";

/**
 * JSON of a value, whatever the page has made of `toJSON`: Prototype.js gives arrays one that quotes them twice.
 *
 * @param {any} value
 */
export const toJson = (value) =>
  JSON.stringify(
    value,
    /** @this {any} @param {string} key */ function (key) {
      return this[key];
    },
  );

/** Whether an object has a key of its own. @param {object} object @param {string} key */
export const hasOwn = (object, key) => ({}).hasOwnProperty.call(object, key);

/**
 * Whether a value is an object in JSON's sense.
 *
 * @param {any} value
 */
export const isObject = (value) => ({}).toString.call(value) === "[object Object]";
