const encoder = new TextEncoder();

/** Text as the module takes it: UTF-8, with U+FFFD for what is no text. */
export const encode = (text) => encoder.encode(String(text));
