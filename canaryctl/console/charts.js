// Charts as SVG. Each has a table beside it, so none needs to be read.

import { svg } from "./dom.js";
import { clock, percent, ratio } from "./words.js";

const WIDTH = 680;
const LEFT = 56;
const RIGHT = 668;

const line = (kind, x1, y1, x2, y2) => svg("line", { class: kind, x1, y1, x2, y2 });
const text = (x, y, anchor, content) => svg("text", { x, y, "text-anchor": anchor }, content);

function frame(height, label, ...children) {
  const pattern = svg(
    "pattern",
    { id: "hatch", width: 6, height: 6, patternUnits: "userSpaceOnUse", patternTransform: "rotate(45)" },
    line("hatch", 0, 0, 0, 6),
  );
  return svg(
    "svg",
    { viewBox: `0 0 ${WIDTH} ${height}`, role: "img", "aria-label": label },
    svg("defs", {}, pattern),
    ...children,
  );
}

const scale = (from, to, begin, end) => (value) => {
  const share = to === from ? 0.5 : (value - from) / (to - from);
  return Math.round((begin + Math.min(Math.max(share, -0.02), 1.02) * (end - begin)) * 10) / 10;
};

/** The path of points, which breaks where a point is missing. */
function path(list) {
  let pen = "M";
  let result = "";
  for (const point of list) {
    if (point) result += `${pen}${point[0]} ${point[1]}`;
    pen = point ? "L" : "M";
  }
  return result;
}

/** Ratios on a logarithmic scale, with lines at 1 and at the limit. */
export function ratios(metrics) {
  const isKnown = (value) => value !== null && value !== undefined;
  const shown = metrics.filter((it) => isKnown(it.ratio) || it.low > 0);
  if (shown.length === 0) return null;
  const top = Math.max(4, ...shown.map((it) => Math.min(100, Math.max(it.high ?? 0, it.ratio ?? it.low * 2) * 1.1)));
  const bottom = Math.min(0.25, ...shown.map((it) => Math.max(0.01, it.low || 0.01)));
  const x = scale(Math.log(bottom), Math.log(top), 120, 640);
  const at = (value) => x(Math.log(Math.min(Math.max(value, bottom), top)));
  const height = shown.length * 30 + 34;
  const rows = shown.map((it, index) => {
    const y = index * 30 + 20;
    return [
      text(112, y + 4, "end", it.name),
      line("canary", at(it.low || bottom), y, at(it.high ?? top), y),
      isKnown(it.ratio) ? svg("circle", { class: "dot", cx: at(it.ratio), cy: y, r: 5 }) : null,
      line("limit", at(it.limit), y - 11, at(it.limit), y + 11),
    ];
  });
  const ticks = [0.01, 0.1, 0.25, 0.5, 1, 2, 4, 10, 30, 100].filter((it) => it >= bottom && it <= top);
  const label = shown.map((it) => `${it.name} ${ratio(it.ratio)}`).join(", ");
  return frame(
    height,
    `Ratios of canary to stable: ${label}`,
    line("axis", at(1), 4, at(1), height - 22),
    rows,
    ticks.map((it) => text(at(it), height - 6, "middle", `${it}`)),
  );
}

const gaps = (list, x, begin, end, top, bottom) =>
  list
    .filter(([from, to]) => to > begin && from < end)
    .map(([from, to]) => {
      const left = x(Math.max(from, begin));
      return svg(
        "rect",
        { class: "gap", x: left, y: top, width: Math.max(2, x(Math.min(to, end)) - left), height: bottom - top },
        svg("title", {}, `No data from ${clock(from, from)} to ${clock(to, to)}`),
      );
    });

/** Whether a lost minute lies between two times. */
const broken = (list, from, to) => list.some(([begin, end]) => begin < to && end > from);

/** Points of a line with a hole at each gap. */
function withHoles(list, lost, value) {
  return list.flatMap((point, index) => {
    const before = list[index - 1];
    const hole = before && broken(lost, before.at, point.at) ? [null] : [];
    return [...hole, value(point)];
  });
}

const times = (x, begin, end, y) => [
  text(LEFT, y, "start", clock(begin, end) ?? ""),
  text(RIGHT, y, "end", clock(end, end) ?? ""),
];

/** Numbered marks where a step begins. */
const marks = (steps, x, begin, end, bottom) =>
  steps
    .filter((step) => step.at > begin && step.at < end)
    .map((step) => [line("quiet", x(step.at), 14, x(step.at), bottom), text(x(step.at), 11, "middle", `${step.step}`)]);

/** Rates of both arms since the begin, with their bands. */
export function rates(list, lost, steps) {
  if (list.length === 0) return null;
  const [begin, end] = [list[0].from, list.at(-1).at];
  const last = list.at(-1);
  const settled = list.slice(Math.floor(list.length / 4));
  const top = Math.min(
    1,
    Math.max(0.02, ...settled.flatMap((it) => [it.canary.band?.[1] ?? 0, it.stable.band?.[1] ?? 0])) * 1.05,
  );
  const x = scale(begin, end, LEFT, RIGHT);
  const y = scale(0, top, 180, 16);
  const arm = (name) => {
    const here = list.filter((it) => it[name].rate !== null);
    const upper = here.map((it) => `${x(it.at)} ${y(it[name].band[1])}`);
    const lower = here.map((it) => `${x(it.at)} ${y(it[name].band[0])}`).reverse();
    const points = withHoles(here, lost, (it) => [x(it.at), y(it[name].rate)]);
    return [
      here.length > 1 ? svg("polygon", { class: `band ${name}`, points: [...upper, ...lower].join(",") }) : null,
      svg("path", { class: name, d: path(points) }),
      here.length === 1 ? svg("circle", { class: name, cx: x(here[0].at), cy: y(here[0][name].rate), r: 4 }) : null,
    ];
  };
  const label = `Not ready: canary ${percent(last.canary.rate)}, stable ${percent(last.stable.rate)}`;
  return frame(
    204,
    label,
    gaps(lost, x, begin, end, 16, 180),
    line("axis", LEFT, 180, RIGHT, 180),
    line("axis", LEFT, 16, LEFT, 180),
    text(LEFT - 6, 184, "end", "0"),
    text(LEFT - 6, 22, "end", percent(top)),
    arm("stable"),
    arm("canary"),
    marks(steps, x, begin, end, 180),
    text(LEFT + 10, 30, "start", "canary: full line, stable: broken line"),
    times(x, begin, end, 200),
  );
}

/** The share that was set as a staircase, and dots for the share that was seen. */
export function shares(list, lost) {
  const known = list.filter((it) => it.set !== null);
  if (known.length === 0) return null;
  const [begin, end] = [list[0].from, list.at(-1).to];
  const seen = (it) => (it.canary.of + it.stable.of > 0 ? (100 * it.canary.of) / (it.canary.of + it.stable.of) : null);
  const top = Math.min(100, Math.max(5, ...known.map((it) => it.set), ...list.map((it) => seen(it) ?? 0)) * 1.1);
  const x = scale(begin, end, LEFT, RIGHT);
  const y = scale(0, top, 130, 10);
  const stairs = known.flatMap((it) => [
    [x(it.from), y(it.set)],
    [x(it.to), y(it.set)],
  ]);
  const dots = list
    .filter((it) => seen(it) !== null)
    .map((it) => svg("circle", { class: "dot", cx: x((it.from + it.to) / 2), cy: y(seen(it)), r: 2.5 }));
  return frame(
    154,
    `Share of the canary: ${known.at(-1).set} % set`,
    gaps(lost, x, begin, end, 10, 130),
    line("axis", LEFT, 130, RIGHT, 130),
    text(LEFT - 6, 134, "end", "0"),
    text(LEFT - 6, 18, "end", `${Math.round(top)} %`),
    svg("path", { class: "quiet", d: path(stairs) }),
    dots,
    times(x, begin, end, 150),
  );
}

/** ln E of each metric and of their mean, with both lines. */
export function evidence(series, names, thin) {
  const minutes = series.lookMinutes ?? series.minutes;
  if (minutes.length === 0) return null;
  const every = Math.max(1, Math.ceil(minutes.length / thin));
  const taken = minutes.map((_, index) => index).filter((index) => index % every === 0 || index === minutes.length - 1);
  const at = (index) => minutes[index] * series.window;
  const values = names.map((name) => taken.map((index) => series.logE[name]?.[index] ?? null));
  const mean = taken.map((index) => series.logMeanE[index] ?? null);
  const all = [...values, mean].flat().filter((it) => it !== null);
  const top = Math.max(8, Math.min(40, Math.max(...all) + 1));
  const x = scale(at(0), at(minutes.length - 1), LEFT, RIGHT - 80);
  const y = scale(Math.max(-6, Math.min(0, ...all)), top, 180, 12);
  const points = (list) => path(list.map((value, place) => (value === null ? null : [x(at(taken[place])), y(value)])));
  const curve = (list, kind, name) => {
    const last = list.findLast((it) => it !== null);
    const dot =
      taken.length === 1 && last !== undefined
        ? svg("circle", { class: kind, cx: x(at(taken[0])), cy: y(last), r: 3 })
        : null;
    return [
      svg("path", { class: kind, d: points(list) }),
      dot,
      last === undefined ? null : text(RIGHT - 74, y(last) + 4, "start", name),
    ];
  };
  const levels = [
    [series.logHoldLine, "hold"],
    [series.logRollbackLine, "roll back (mean)"],
  ].filter(([level]) => level !== null && level !== undefined);
  return frame(
    204,
    "Evidence of each metric over time, as in the table",
    levels.map(([level, name]) => [
      line("limit", LEFT, y(level), RIGHT - 80, y(level)),
      text(LEFT + 4, y(level) - 3, "start", name),
    ]),
    line("axis", LEFT, y(0), RIGHT - 80, y(0)),
    text(LEFT - 6, y(0) + 4, "end", "0"),
    values.map((list, index) => curve(list, "quiet", names[index])),
    curve(mean, "canary", "mean"),
    times(x, at(0), at(minutes.length - 1), 200),
  );
}
