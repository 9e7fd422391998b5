// One model of what is shown, from the controller's state and from what this collector counted. Either may be missing.

import { ENGINES, count, fact, length } from "./words.js";

const seconds = (text) => (text ? Date.parse(text) / 1000 : null);
const RANK = ["worse", "above", "collecting", "ok", "no data"];

/** The model of one answer of `data`. */
export function model(data) {
  const status = data.controller?.status ?? null;
  const site = data.site && !data.site.error ? data.site : null;
  const same = site && (!status || status.run === site.run) ? site : null;
  const made = status ? ofStatus(status, data) : ofSite(site, data);
  const strata = same?.strata ?? [];
  const faults = made.faults?.length ? made.faults : (same?.codes ?? []);
  const sorted = [...(made.metrics ?? [])].sort(
    (a, b) => RANK.indexOf(a.mark) - RANK.indexOf(b.mark) || b.logE - a.logE,
  );
  const worst = sorted[0];
  const code =
    worst?.code ?? [...faults].sort((a, b) => b.canary - a.canary).find((it) => it.canary > it.stable / 20)?.code;
  return {
    ...made,
    now: data.now,
    // The program as it was started here: a build of one's own is not on the PATH.
    command: made.command?.replace(/^canaryctl /, () => `${data.program ?? "canaryctl"} `) ?? null,
    metrics: sorted,
    strata,
    faults,
    live: site?.recent ?? null,
    fact: fact(worst, place(strata, worst), code),
    controllerError: data.controller?.error ?? null,
    siteError: data.site?.error ?? null,
    hasController: Boolean(data.controller),
  };
}

/** The engine that has most of the canary's bad views but not most of its views; one where strata are not known. */
export function place(strata, metric) {
  if (metric?.name !== "not-ready") return null;
  if (strata.length === 0) {
    const [engine, device] = (metric.stratum ?? "").split("/");
    return engine ? `${ENGINES[engine] ?? engine} on ${device}, most clearly` : null;
  }
  const bad = (views) => Math.max(0, views.exposed - views.ready - views.left);
  const total = { bad: 0, of: 0 };
  const engines = {};
  for (const { engine, canary } of strata) {
    const sums = (engines[engine] ??= { bad: 0, of: 0 });
    for (const sum of [sums, total]) {
      sum.bad += bad(canary);
      sum.of += canary.exposed;
    }
  }
  const found = Object.entries(engines).find(([, it]) => it.bad > total.bad * 0.7 && it.of < total.of * 0.7);
  return found ? (ENGINES[found[0]] ?? found[0]) : null;
}

function ofStatus(status, data) {
  const age = status.data?.through ? data.now - seconds(status.data.through) : null;
  const isOver = ["Promoted", "Rolled back", "No run"].includes(status.state);
  const stale = !isOver && (status.data?.stale || (age !== null && age > 300));
  const state = status.cause === "not-seen" ? "Not seen yet" : status.state;
  const sentence = status.sentence ?? `${state} at ${status.weight} %: ${status.reason}`;
  return {
    name: status.name,
    state,
    // It begins with the state, which has another name here.
    sentence: sentence.startsWith(`${status.state} `) ? state + sentence.slice(status.state.length) : sentence,
    run: status.run,
    version: status.version,
    stable: status.stable,
    stableSince: status.stableSince,
    set: status.share?.set ?? status.weight,
    seen: status.share?.seen ?? null,
    sampleRatio: status.share?.sampleRatio ?? null,
    views: status.views,
    ladder: status.ladder ?? [],
    time: stale ? null : status.time,
    metrics: status.metrics,
    faults: status.faults,
    age,
    stale,
    isOver,
    missing: status.data?.missing ?? [],
    collectors: status.data?.collectors ?? null,
    gaps: (status.data?.gaps ?? []).map(([from, to]) => [seconds(from), seconds(to)]),
    commits: status.commits ?? [],
    runs: status.runs ?? [],
    command: status.command,
    series: status.series?.minutes?.length ? status.series : null,
    error: status.error ?? null,
  };
}

function ofSite(site, data) {
  if (!site) {
    const sentence =
      data.site === null && data.controller ? "The controller's state is not there yet." : "No config is read yet.";
    return {
      state: "No run",
      sentence,
      set: null,
      views: {},
      metrics: [],
      gaps: [],
      commits: [],
      ladder: [],
      missing: [],
    };
  }
  const worst = [...site.metrics].sort((a, b) => b.logE - a.logE)[0];
  const [state, text] = siteState(site, worst);
  return {
    name: site.run,
    state,
    sentence: `${state} at ${site.percentage} %: ${text}`,
    run: site.run,
    version: site.version,
    set: site.percentage,
    seen: site.seen,
    views: site.views,
    ladder: [],
    metrics: site.metrics,
    age: data.now - site.through,
    stale: false,
    missing: [],
    gaps: site.gaps,
    commits: [],
    command: state === "Worse" ? `canaryctl set 0${data.config ? ` --config ${data.config}` : ""}` : null,
    series: site.series.minutes.length ? site.series : null,
    sampleRatio: { ok: !site.isSampleRatioAlarm },
  };
}

/** State and cause where no controller says them. */
function siteState(site, worst) {
  const { views, open } = site;
  if (site.percentage === 0) return ["No run", "everyone gets stable. Raise CANARY_PERCENTAGE, or start a rollout."];
  if (site.verdict === "rollback") {
    return ["Worse", "no controller runs, so nothing rolls this back. Set the percentage to 0."];
  }
  if (views.canary + views.stable === 0) {
    const begun = open.canary.exposed + open.stable.exposed;
    if (begun > 0)
      return [
        "Collecting",
        `${count(begun)} views are not final yet; the first figures come in about ${length(site.window * 5)}.`,
      ];
    return ["Not seen yet", "no browser has reported a view of this run."];
  }
  if (worst && worst.logE >= site.lines.hold)
    return ["Above its limit", `the evidence on ${worst.name} would hold a rollout.`];
  if (views.canary < views.needed)
    return ["Collecting", `${count(views.canary)} of ${count(views.needed)} canary views.`];
  return ["Watching", "no metric is proven worse than its limit. No controller runs: this page decides nothing."];
}
