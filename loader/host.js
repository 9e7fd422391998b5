// What the module asks the browser for, because its tables are not ours to carry. Texts are UTF-8 on their way.

const decoder = new TextDecoder("utf-8", { ignoreBOM: true });

export const decode = (bytes) => decoder.decode(bytes);

/** Whether a portable pattern matches. */
export const matches = (pattern, text, ignoreCase) =>
  new RegExp(decode(pattern), ignoreCase ? "iu" : "u").test(decode(text));

/** Whether two texts are the same but for case. */
export const equalsFolded = (a, b) => decode(a).toLowerCase() === decode(b).toLowerCase();

export const number = (text) => Number(decode(text));

/** Writes `String(value)`, and tells how long it is. */
export const writeNumber = (value, out) => new TextEncoder().encodeInto(value, out).written;
