import { attempt } from "./safe.js";

/** What was thrown, or a property of it, as a text; anything may be thrown, also what no text can be made of. */
export const inWords = (thrown, name) => attempt(() => `${name ? thrown[name] : thrown}`) ?? "no words for it";
