// Numbers, times and metrics in words.

/** A count with commas. */
export const count = (number) => Math.round(number).toLocaleString("en-US");

/** A share from 0 to 1 as a percentage. */
export function percent(share) {
  if (share === null || share === undefined || Number.isNaN(share)) return "no data";
  const value = share * 100;
  return `${value.toFixed(value < 10 ? 2 : 1)} %`;
}

/** A ratio with the digits that it is worth. */
export function ratio(value) {
  if (value === null || value === undefined) return "–";
  return value >= 100 ? count(value) : value.toFixed(value >= 10 ? 1 : 2);
}

/** A time of day in UTC, with the date where it is another day; `at` is in seconds or RFC 3339. */
export function clock(at, now) {
  if (at === null || at === undefined) return null;
  const [text, today] = [at, now].map((time) => new Date(typeof time === "string" ? time : time * 1000).toISOString());
  const day = text.slice(0, 10) === today.slice(0, 10) ? "" : `${text.slice(0, 10)} `;
  return `${day}${text.slice(11, 19)}`;
}

/** A length of time; `seconds` is a number. */
export function length(seconds) {
  if (seconds < 90) return `${Math.max(0, Math.round(seconds))} s`;
  if (seconds < 5400) return `${Math.round(seconds / 60)} min`;
  return `${Math.floor(seconds / 3600)} h ${Math.round((seconds % 3600) / 60)} min`;
}

/** The mark of a metric: a sign and words, so that no color is needed. */
export const MARKS = {
  ok: "✓ within its limit",
  above: "! above its limit, unproven",
  worse: "✕ worse",
  collecting: "… not enough views yet",
  "no data": "– no data",
};

/** Sign and tone of a state. */
export function look(state) {
  if (state.startsWith("Paused")) return { sign: "‖", tone: "wait" };
  const looks = {
    "No run": { sign: "○", tone: "quiet" },
    "Not seen yet": { sign: "…", tone: "quiet" },
    Collecting: { sign: "…", tone: "quiet" },
    Progressing: { sign: "▶", tone: "good" },
    Watching: { sign: "▶", tone: "good" },
    Holding: { sign: "‖", tone: "wait" },
    "Above its limit": { sign: "!", tone: "wait" },
    Worse: { sign: "✕", tone: "bad" },
    "Rolling back": { sign: "↩", tone: "bad" },
    "Rolled back": { sign: "↩", tone: "bad" },
    Promoting: { sign: "⇧", tone: "good" },
    Promoted: { sign: "✓", tone: "good" },
  };
  return looks[state] ?? { sign: "?", tone: "wait" };
}

export const ENGINES = { chromium: "Chromium", gecko: "Firefox", webkit: "WebKit", other: "other engines" };

const DEEDS = {
  "not-ready": "fails",
  error: "throws errors",
  left: "is left before it is up",
  "poor-lcp": "paints late",
  "poor-inp": "answers input late",
  "poor-cls": "shifts its layout",
};

/** The one thing to know about the worst metric, or null. */
export function fact(metric, where, code) {
  // A few bad views are no fact: the whole range has to be above stable.
  if (!metric || !(metric.mark === "worse" || (metric.mark === "above" && metric.low > 1))) return null;
  const place = where ? ` in ${where}` : "";
  const tail = code && metric.name === "not-ready" ? `; ${code}` : "";
  const deed = DEEDS[metric.name] ?? `is worse by ${metric.name}`;
  if (metric.ratio === null || metric.ratio === undefined) {
    return `Canary ${deed} in ${count(metric.canary.bad)} of ${count(metric.canary.of)} views, stable in none${place}${tail}.`;
  }
  const times = metric.ratio >= 10 ? count(metric.ratio) : metric.ratio.toFixed(1);
  return `Canary ${deed} ${times} times as often${place}${tail}.`;
}
