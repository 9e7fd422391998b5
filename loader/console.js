/** One console line for one fault; what is only worth a word goes where it disturbs nobody. */
export const tell = (text) => console[text[0] === "I" ? "debug" : "warn"](`[canary] ${text}`);

/** Codes whose words nobody needs at once: the trial has them. */
export const notes = [];
