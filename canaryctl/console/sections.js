// The sections of the page: each takes the model and returns nodes.

import * as charts from "./charts.js";
import { html, table, terms } from "./dom.js";
import { cumulated, points } from "./statistics.js";
import { ENGINES, MARKS, clock, count, length, look, percent, ratio } from "./words.js";

/** The most points of a chart, and rows of its table. */
const POINTS = 200;

const none = (text) => html("p", { class: "note" }, text);

/** The state, its sentence and the one thing to know. */
export function now(model) {
  const { sign } = look(model.state);
  return [
    html("p", { class: "state" }, html("span", { "aria-hidden": "true" }, `${sign} `), model.state),
    html("p", { class: "sentence" }, model.sentence),
    model.fact ? html("p", { class: "key" }, model.fact) : null,
  ];
}

/** What has to be said above everything else. */
export function banner(model, polled) {
  const lines = [];
  if (polled.error)
    lines.push(
      `Cannot read new data since ${clock(polled.at, polled.now) ?? "the begin"}: ${polled.error}. Below is what was known then.`,
    );
  if (model?.stale) lines.push(`These data are ${length(model.age)} old. Nothing is decided until new ones come.`);
  if (model?.controllerError) lines.push(`The controller does not say its state: ${model.controllerError}`);
  if (model?.siteError) lines.push(`The collector cannot read what it counted: ${model.siteError}`);
  if (model?.error) lines.push(`The controller's last step failed: ${model.error}`);
  return lines.map((text) => html("p", { class: "banner", role: "alert" }, text));
}

export function exposed(model) {
  const { views, live } = model;
  const has = views.canary !== null && views.canary !== undefined;
  const recent = live ? live.views.canary.exposed + live.views.stable.exposed : null;
  const failed = live ? live.views.canary.failed : 0;
  return terms([
    ["Share set", model.set === null ? null : `${model.set} %`],
    ["Share seen", model.seen === null || model.seen === undefined ? "no data" : `${model.seen} %`],
    [
      "Sample ratio",
      model.sampleRatio ? (model.sampleRatio.ok ? "✓ as the share says" : "! not as the share says") : null,
    ],
    ["Canary views", has ? `${count(views.canary)} (needs ${count(views.needed)})` : "no data"],
    ["Stable views", has ? count(views.stable) : null],
    ["Rate", views.perSecond ? `${views.perSecond} views a second` : null],
    [
      "Just now",
      recent === null
        ? null
        : `${count(recent)} views in ${length(live.seconds)}, ${count(live.views.canary.exposed)} of the canary, ${count(failed)} failed`,
    ],
  ]);
}

const RUNGS = { done: "✓", now: "●", next: "○" };

export function ladder(model) {
  if (model.ladder.length === 0)
    return none(
      model.hasController
        ? "No ladder yet."
        : "No controller runs: nothing moves the share. Start one with canaryctl rollout run.",
    );
  const rungs = model.ladder.map((rung) =>
    html(
      "li",
      { "aria-current": rung.state === "now" ? "step" : null },
      `${rung.weight} % ${RUNGS[rung.state] ?? ""}`,
      rung.state === "now" ? " now" : "",
    ),
  );
  const { time } = model;
  const clockTerms = time && [
    ["In this step", `${length(time.covered)} of ${length(time.needed)} seen`],
    [
      "Step ends in",
      time.stepLeft === null
        ? "the clock is stopped"
        : `${length(time.stepLeft)}, at ${clock(time.stepEnds, model.now)}`,
    ],
    ["Run ends in", time.runLeft === null ? null : `about ${length(time.runLeft)}`],
  ];
  return [
    html("ol", { class: "ladder" }, rungs),
    time ? terms(clockTerms) : model.isOver ? null : none("No time left is shown: the clock is stopped."),
  ];
}

export function metrics(model) {
  if (model.metrics.length === 0) return none("No data yet.");
  const cell = (side) => `${count(side.bad)} / ${count(side.of)}`;
  const rate = (side) => percent(side.of > 0 ? Math.max(0, side.bad / side.of) : null);
  const rows = model.metrics.map((it) => ({
    mark: it.mark,
    cells: [
      it.name,
      { text: MARKS[it.mark] ?? it.mark },
      cell(it.canary),
      rate(it.canary),
      cell(it.stable),
      rate(it.stable),
      ratio(it.ratio),
      `${ratio(it.low)} to ${it.high === null ? "∞" : ratio(it.high)}`,
      ratio(it.limit),
    ],
  }));
  return table(
    "Metrics",
    ["Metric", { text: "Verdict" }, "Canary", "Rate", "Stable", "Rate", "Ratio", "Range", "Limit"],
    rows,
  );
}

export const ratioChart = (model) =>
  charts.ratios(model.metrics) ?? none("No ratio yet: stable has no bad view, or there are no views.");

export function data(model) {
  const gaps = model.gaps.map(([from, to]) => `${clock(from, model.now)} to ${clock(to, model.now)}`);
  const age = model.age === null || model.age === undefined ? "no data" : `final minutes are ${length(model.age)} old`;
  return terms([
    ["Age", model.isOver ? null : age],
    ["Collectors", model.collectors ? `${model.collectors.seen} of ${model.collectors.expected} answer` : null],
    ["Missing", model.missing.length ? model.missing.join("; ") : null],
    ["Gaps", gaps.length ? `▨ ${gaps.slice(-5).join(", ")}` : "none"],
  ]);
}

export function versions(model) {
  const commits = model.commits.map((it) => [
    `${it.commit ?? ""}`.slice(0, 7),
    { text: it.subject ?? it.phase },
    `${it.weight} %`,
    clock(it.at, model.now),
    it.seen ? clock(it.seen, model.now) : it.weight === 0 ? "nobody gets it" : "not yet seen in browsers",
  ]);
  const command = model.command ? html("code", { id: "command" }, model.command) : null;
  const copy = model.command ? html("button", { type: "button", id: "copy" }, "Copy") : null;
  return [
    terms([
      ["Canary", model.version],
      [
        "Stable",
        model.stable
          ? `${model.stable}${model.stableSince ? `, everyone since ${clock(model.stableSince, model.now)}` : ""}`
          : null,
      ],
      ["Run", model.run],
    ]),
    html("p", {}, "Next: ", command ?? "nothing to do", " ", copy),
    commits.length ? table("Commits", ["Commit", { text: "Subject" }, "Share", "Committed", "Seen"], commits) : null,
  ];
}

const RESULTS = { Succeeded: "✓ promoted", Failed: "↩ rolled back" };

export function runs(model) {
  if (!model.runs?.length)
    return none(model.hasController ? "No run yet." : "No controller runs: the history of runs is not known here.");
  const rows = model.runs.map((it) => [
    it.run,
    { text: RESULTS[it.phase] ?? "● under way" },
    `${it.weight} %`,
    clock(it.started, model.now),
    it.ended ? clock(it.ended, model.now) : "–",
    it.commit.slice(0, 7),
    { text: it.subject },
  ]);
  const head = ["Run", { text: "Result" }, "Largest share", "Begun", "Ended", "Commit", { text: "Last subject" }];
  return table("Runs", head, rows);
}

/** The charts of the history, and the tables beside them. */
export function history(model) {
  const list = model.series ? points(model.series, POINTS) : [];
  const sums = cumulated(list);
  const steps = model.ladder
    .filter((rung) => rung.seen)
    .map((rung) => ({ step: rung.step, at: Date.parse(rung.seen) / 1000 }));
  return {
    rates: () => charts.rates(sums, model.gaps, steps) ?? none("No minute is final yet."),
    share: () => charts.shares(list, model.gaps) ?? none("No minute is final yet."),
    ratesTable: () =>
      table(
        "Rates since the run began",
        ["Until", "Canary", "Rate", "Band", "Stable", "Rate", "Band"],
        sums.map((it) => [
          clock(it.at, model.now),
          ...["canary", "stable"].flatMap((arm) => [
            `${count(it[arm].bad)} / ${count(it[arm].of)}`,
            percent(it[arm].rate),
            it[arm].band ? it[arm].band.map(percent).join(" to ") : "–",
          ]),
        ]),
      ),
    shareTable: () =>
      table(
        "Shares",
        ["From", "Set", "Canary views", "All views"],
        list.map((it) => [
          clock(it.from, model.now),
          it.set === null ? "no data" : `${it.set} %`,
          count(it.canary.of),
          count(it.canary.of + it.stable.of),
        ]),
      ),
  };
}

export function strata(model) {
  if (model.strata.length === 0)
    return none("No data. Where this is a controller's console, its collectors have them.");
  const bad = (it) => Math.max(0, it.exposed - it.ready - it.left);
  const cell = (it) =>
    it.exposed ? `${count(bad(it))} / ${count(it.exposed)} (${percent(bad(it) / it.exposed)})` : "no views";
  const rows = model.strata.map((it) => [
    `${ENGINES[it.engine] ?? it.engine}, ${it.device}`,
    cell(it.canary),
    cell(it.stable),
  ]);
  return [
    table("Views that are not ready", ["Browser", "Canary", "Stable"], rows),
    none("All views of this run that this collector counted."),
  ];
}

export function faults(model) {
  if (!model.faults?.length) return none("No fault was reported.");
  const sorted = [...model.faults].sort((a, b) => b.canary - a.canary);
  return table(
    "Faults by code",
    ["Code", "Canary", "Stable"],
    sorted.map((it) => [it.code, count(it.canary), count(it.stable)]),
  );
}

export function how(model) {
  if (!model.series) return null;
  return charts.evidence(
    model.series,
    model.metrics.map((it) => it.name),
    POINTS,
  );
}

export function howTable(model) {
  const rows = model.metrics.map((it) => [
    it.name,
    it.logE?.toFixed(2) ?? "–",
    (it.holdLine ? Math.log(it.holdLine) : model.series?.logHoldLine)?.toFixed(2) ?? "–",
  ]);
  return table("Evidence now", ["Metric", "Evidence (ln E)", "Holds at"], rows);
}
