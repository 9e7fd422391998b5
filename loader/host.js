/** Functions that the wasm engine imports from the browser, so that it carries no tables for them. Text crosses as UTF-8. */

const encoder = /* @__PURE__ */ new TextEncoder();
const decoder = /* @__PURE__ */ new TextDecoder("utf-8", { ignoreBOM: true });

/** Text as the engine takes it, with U+FFFD for lone surrogates. @param {any} text */
export const encode = (text) => encoder.encode(String(text));

/** Text that the engine gives. @param {Uint8Array} bytes */
export const decode = (bytes) => decoder.decode(bytes);

// Few configs have patterns, so that the check of these is a script of its own. Without it none is used.
/** @type {(pattern: Uint8Array) => boolean} */
let isPortable = () => false;

/** Sets the check of patterns. @param {typeof isPortable} check */
export const setPatternCheck = (check) => void (isPortable = check);

/**
 * Whether two texts are equal but for case (`how` is 0), whether the pattern `a` matches `b`: as written (1) or in any case
 * (2), or whether the pattern `a` is one that all readers read alike and that no text makes slow (3).
 *
 * @param {Uint8Array} a
 * @param {Uint8Array} b
 * @param {number} how
 */
export const agree = (a, b, how) =>
  how > 2
    ? isPortable(a)
    : how
      ? new RegExp(decode(a), how > 1 ? "iu" : "u").test(decode(b))
      : decode(a).toLowerCase() === decode(b).toLowerCase();

/** `Number(text)`. @param {Uint8Array} text */
export const number = (text) => Number(decode(text));

/** Writes `String(value)` to `out`, and returns its length. @param {number} value @param {Uint8Array} out */
export const writeNumber = (value, out) => encoder.encodeInto(String(value), out).written;
