/** One console line for one fault. */
export const warn = (text) => console.warn(`[canary] ${text}`);
