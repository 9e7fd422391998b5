import { keep } from "./lines.js";

/* global IS_LATE -- set by the build: false where each byte stands before the bundle */

/** One console line for one fault; what is only worth a word goes where it disturbs nobody. */
export const tell = (text) => (IS_LATE && keep(text), console[text[0] === "I" ? "debug" : "warn"](`[canary] ${text}`));

/** Codes whose words nobody needs at once: the trial has them. */
export const notes = [];
