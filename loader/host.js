// What the module asks the browser for, because its tables are not ours to carry. Texts are UTF-8 on their way.

const decoder = new TextDecoder("utf-8", { ignoreBOM: true });

export const decode = (bytes) => decoder.decode(bytes);

/** Whether two texts are the same but for case (0), or the second matches the first as written (1) or in any case (2). */
export const agree = (a, b, how) =>
  how
    ? new RegExp(decode(a), how > 1 ? "iu" : "u").test(decode(b))
    : decode(a).toLowerCase() === decode(b).toLowerCase();

export const number = (text) => Number(decode(text));

/** Writes `String(value)`, and tells how long it is. */
export const writeNumber = (value, out) => new TextEncoder().encodeInto(value, out).written;
