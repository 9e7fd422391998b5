/**
 * The panels of the dashboard: what each shows, and by which queries.
 *
 * @typedef {object} Panel
 * @property {string} row
 * @property {string} title
 * @property {string} description
 * @property {string} unit
 * @property {number} [max]
 * @property {[expression: string, legend: string][]} queries
 */

export const rows = ["Page views", "Speed", "Collectors"];

const of = 'namespace="$namespace"';
const rate = (metric, labels = "") => `rate(${metric}{${of}${labels}}[$__rate_interval])`;
const p75 = (metric, labels = "") =>
  `histogram_quantile(0.75, sum by (arm, le) (rate(${metric}_bucket{${of}${labels}}[15m])))`;
const byReason = (metric) => `sum by (reason) (${rate(metric)})`;

/** @type {Panel[]} */
export const panels = [
  {
    row: "Page views",
    title: "Page views by arm and version",
    description: "When the bundle was inserted.",
    unit: "cps",
    queries: [[`sum by (arm, version) (${rate("canary_exposures_total")})`, "{{arm}} {{version}}"]],
  },
  {
    row: "Page views",
    title: "Share of the canary",
    description: "Of all page views that report, by what was inserted.",
    unit: "percentunit",
    max: 1,
    queries: [
      [
        `sum(${rate("canary_exposures_total", ', arm="canary"')}) / (sum(${rate("canary_exposures_total")}) > 0)`,
        "canary",
      ],
    ],
  },
  {
    row: "Page views",
    title: "Outcome of page views",
    description: "Of final minutes. Silent: neither up nor failed nor left within the horizon.",
    unit: "percentunit",
    max: 1,
    queries: [
      [
        `sum by (arm, outcome) (${rate("canary_views_total")}) / on (arm) group_left () (sum by (arm) (${rate("canary_views_total")}) > 0)`,
        "{{arm}} {{outcome}}",
      ],
    ],
  },
  {
    row: "Page views",
    title: "Not ready",
    description:
      "Failed or silent page views of final minutes, by what was inserted. A fall-back counts for the canary.",
    unit: "percentunit",
    queries: [[`arm:canary_not_ready:ratio_rate5m{${of}}`, "{{arm}}"]],
  },
  {
    row: "Page views",
    title: "Page views with an error of the bundle",
    description: "Uncaught errors and rejections of the bundle's own files, at most one for each page view.",
    unit: "percentunit",
    queries: [[`arm:canary_errors:ratio_rate5m{${of}}`, "{{arm}}"]],
  },
  {
    row: "Page views",
    title: "Failures by code",
    description: "What each code means: docs/faults.md",
    unit: "cps",
    queries: [[`sum by (arm, code) (${rate("canary_failures_total")}) > 0`, "{{arm}} {{code}}"]],
  },
  {
    row: "Speed",
    title: "Largest Contentful Paint, 75th percentile",
    description: "Good up to 2.5 s. Within the horizon.",
    unit: "s",
    queries: [[`arm:canary_lcp_seconds:p75_rate15m{${of}}`, "{{arm}}"]],
  },
  {
    row: "Speed",
    title: "Interaction to Next Paint, 75th percentile",
    description: "Good up to 200 ms. Within the horizon.",
    unit: "s",
    queries: [[`arm:canary_inp_seconds:p75_rate15m{${of}}`, "{{arm}}"]],
  },
  {
    row: "Speed",
    title: "Cumulative Layout Shift, 75th percentile",
    description: "Good up to 0.1. Within the horizon.",
    unit: "short",
    queries: [[`arm:canary_cls:p75_rate15m{${of}}`, "{{arm}}"]],
  },
  {
    row: "Speed",
    title: "Until the bundle is up, 75th percentile",
    description: "Since the navigation.",
    unit: "s",
    queries: [[p75("canary_ready_seconds"), "{{arm}}"]],
  },
  {
    row: "Speed",
    title: "Until the decision, 75th percentile",
    description: "Since the runtime started.",
    unit: "s",
    queries: [[p75("canary_decision_seconds"), "{{arm}}"]],
  },
  {
    row: "Speed",
    title: "Page views with a poor web vital",
    description: "Web vitals that are not good, by metric.",
    unit: "cps",
    queries: [[`sum by (arm, metric) (${rate("canary_poor_vitals_total")})`, "{{arm}} {{metric}}"]],
  },
  {
    row: "Collectors",
    title: "Collectors that are scraped",
    description: "The judge holds if one is missing.",
    unit: "short",
    queries: [[`sum(up{${of}, job="canary-collector-windows"})`, "up"]],
  },
  {
    row: "Collectors",
    title: "Reports that do not count",
    description: "Refused, dropped, or above the cap of their network.",
    unit: "cps",
    queries: [
      [byReason("canary_reports_refused_total"), "refused: {{reason}}"],
      [byReason("canary_reports_dropped_total"), "dropped: {{reason}}"],
      [`sum(${rate("canary_reports_capped_total")})`, "capped"],
    ],
  },
  {
    row: "Collectors",
    title: "Age of the last final minute",
    description: "About 90 to 150 s. Beyond, a clock is wrong or a collector stands still.",
    unit: "s",
    queries: [[`time() - canary_final_minute_timestamp_seconds{${of}}`, "{{pod}}"]],
  },
  {
    row: "Collectors",
    title: "Windows that could not be written",
    description: "The volume of a collector is full or gone.",
    unit: "short",
    queries: [[`sum by (pod) (increase(canary_window_write_errors_total{${of}}[10m]))`, "{{pod}}"]],
  },
];
