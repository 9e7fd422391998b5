/** The rows of the table: what each figure is, and its median of a run. */

/** The contender that the ratios are about. */
export const own = "canary_stable";

export function quantile(values, share) {
  const sorted = [...values].sort((a, b) => a - b);
  const at = (sorted.length - 1) * share;
  const [low, high] = [sorted[Math.floor(at)], sorted[Math.ceil(at)]];
  return low + (high - low) * (at - Math.floor(at));
}
export const median = (values) => quantile(values, 0.5);

/** The values of one key over all loads of a contender; undefined where it has none. */
export function valuesOf(run, measurement, contender, key) {
  const values = run.results[measurement]?.[contender]?.map((load) => load[key]);
  return values?.every((value) => Number.isFinite(value)) ? values : undefined;
}

const milliseconds = { unit: "ms", decimals: 0 };
const bytes = { unit: "bytes", decimals: 0 };
const megabytes = { unit: "MB", decimals: 2, scale: 1e6 };
const thousands = { unit: "thousands a second (more is better)", decimals: 0, scale: 1e3, isRate: true };

/** A row of medians. */
const row = (group, label, unit, measurement, key) => ({
  group,
  label,
  ...unit,
  value: (run, contender) => {
    const values = valuesOf(run, measurement, contender, key);
    return values && median(values);
  },
});
/** Only the own code's share: what the static page has as well is taken off. */
const beyondStatic = (group, label, unit, measurement, key) => {
  const whole = row(group, label, unit, measurement, key);
  const base = row(group, label, unit, "fast", key);
  return {
    ...whole,
    value: (run, contender) => {
      const value = whole.value(run, contender);
      return value === undefined || contender === "static" ? undefined : value - (base.value(run, "static") ?? 0);
    },
  };
};
const linkRows = (group, measurement) => [
  row(group, "decision", milliseconds, measurement, "decision"),
  row(group, "first flag can be read", milliseconds, measurement, "flag"),
  row(group, "app requested", milliseconds, measurement, "requested"),
  row(group, "app runs", milliseconds, measurement, "app"),
];
const pageRow = {
  group: "bytes",
  label: "added to the page itself",
  ...bytes,
  value: ({ contenders }, name) => {
    const of = (wanted) => contenders.find((contender) => contender.name === wanted)?.pageBytes;
    return name === "static" ? undefined : of(name) - (of("static") ?? 0);
  },
};
const demoRow = {
  group: "demo, slow link",
  label: "largest contentful paint",
  ...milliseconds,
  value: (run, name) => {
    const values = valuesOf(run, "demo", { static: "without", [own]: "with" }[name], "paint");
    return values && median(values);
  },
};

export const rows = [
  row("bytes", "before the first flag", bytes, "fast", "bytesBefore"),
  row("bytes", "in all", bytes, "fast", "bytes"),
  pageRow,
  row("bytes", "config of 10 flags", bytes, "fast", "configBytes"),
  ...linkRows("cold start", "fast"),
  ...linkRows("slow link, HTTP/1.1", "slow, HTTP/1.1"),
  ...linkRows("slow link, HTTP/2", "slow, HTTP/2"),
  ...linkRows("repeat visit", "repeat"),
  row("CPU", "main thread, all tasks", milliseconds, "fast", "cpu"),
  row("CPU", "longest task, CPU 6 times slower", milliseconds, "throttled", "longest"),
  row("CPU", "app runs, CPU 6 times slower", milliseconds, "throttled", "app"),
  row("evaluations", "a split for a new id", thousands, "rates", "fresh"),
  row("evaluations", "five rules", thousands, "rates", "rules"),
  row("evaluations", "identify and one getter", thousands, "rates", "identify"),
  row("evaluations", "same flag, same user", thousands, "rates", "cached"),
  row("10,000 flags", "config", bytes, "grown", "configBytes"),
  row("10,000 flags", "text to decision", milliseconds, "grown", "textToDecision"),
  row("10,000 flags", "text to first flag", milliseconds, "grown", "textToFlag"),
  row("10,000 flags", "main thread, all tasks", milliseconds, "grown", "cpu"),
  beyondStatic("memory", "10 flags", megabytes, "fast", "memory"),
  beyondStatic("memory", "10,000 flags", megabytes, "grown", "memory"),
  demoRow,
];

/** How many times the own figure a contender's is; undefined without one of them. */
export function ratio({ value }, run, contender) {
  const [theirs, ours] = [value(run, contender), value(run, own)];
  return theirs === undefined || !ours ? undefined : theirs / ours;
}

/** @param {{ decimals: number, scale?: number }} row @param {number | undefined} value */
export function format({ decimals, scale = 1 }, value) {
  if (value === undefined) return "–";
  const options = { minimumFractionDigits: decimals, maximumFractionDigits: decimals };
  return new Intl.NumberFormat("en", options).format(value / scale);
}
