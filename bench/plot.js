/** The plot of docs/bench.md: when the app runs over the slow link. */
import { median, own, quantile, valuesOf } from "./figures.js";

const width = 760;
const left = 252;
const right = 700;
const top = 64;
const rowHeight = 26;
const barHeight = 14;
/** Chromium's emulation of the link is steadier over HTTP/1.1, see the page. */
const measurement = "slow, HTTP/1.1";

const style = `text { font: 13px system-ui, sans-serif; fill: #24292f } .title { font-weight: 600 } .own { font-weight: 600 }
.grid { stroke: #d0d7de } .spread { stroke: #24292f; stroke-width: 1.5 } .back { fill: #fff }
.decide { fill: #8250df } .download { fill: #9cc3f5 }
@media (prefers-color-scheme: dark) { text { fill: #e6edf3 } .back { fill: #0d1117 } .grid { stroke: #30363d }
.spread { stroke: #e6edf3 } .decide { fill: #a371f7 } .download { fill: #1f4f8f } }`;

const escape = (text) => text.replace(/[&<>"]/g, (sign) => `&#${sign.charCodeAt(0)};`);

/** @returns {string} */
export function plot(run) {
  const bars = run.contenders.flatMap(({ name, label }) => {
    const [app, requested] = ["app", "requested"].map((key) => valuesOf(run, measurement, name, key));
    if (!app || !requested) return [];
    const spread = [quantile(app, 0.25), quantile(app, 0.75)];
    return [{ name, label, app: median(app), requested: median(requested), spread }];
  });
  const step = 250;
  const limit = Math.ceil(Math.max(...bars.map(({ spread, app }) => Math.max(app, spread[1]))) / step) * step;
  const x = (ms) => Math.round((left + (ms / limit) * (right - left)) * 10) / 10;
  const bottom = top + bars.length * rowHeight;
  const height = bottom + 44;
  const title = "The app runs, over the slow link with HTTP/1.1";
  const lines = [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" role="img" aria-label="${title}">`,
    `<style>\n${style}\n</style>`,
    `<rect class="back" width="${width}" height="${height}"/>`,
    `<text class="title" x="16" y="24">${title}</text>`,
    `<rect class="decide" x="16" y="36" width="12" height="12"/><text x="34" y="47">until the app is requested</text>`,
    `<rect class="download" x="${left}" y="36" width="12" height="12"/><text x="${left + 18}" y="47">until it has arrived and runs; the line spans the middle half of the loads</text>`,
  ];
  for (let ms = 0; ms <= limit; ms += step) {
    lines.push(`<line class="grid" x1="${x(ms)}" y1="${top}" x2="${x(ms)}" y2="${bottom}"/>`);
    lines.push(`<text x="${x(ms)}" y="${bottom + 18}" text-anchor="middle">${ms}</text>`);
  }
  lines.push(
    `<text x="${right}" y="${height - 8}" text-anchor="end">milliseconds since the navigation, medians of ${run.loads} loads</text>`,
  );
  for (const [index, { name, label, app, requested, spread }] of bars.entries()) {
    const y = top + index * rowHeight + (rowHeight - barHeight) / 2;
    const middle = y + barHeight / 2;
    const emphasis = name === own ? ` class="own"` : "";
    const bar = (kind, from, to) =>
      `<rect class="${kind}" x="${x(from)}" y="${y}" width="${(x(to) - x(from)).toFixed(1)}" height="${barHeight}"/>`;
    lines.push(`<text${emphasis} x="${left - 8}" y="${middle + 4.5}" text-anchor="end">${escape(label)}</text>`);
    lines.push(bar("decide", 0, requested), bar("download", requested, app));
    lines.push(`<line class="spread" x1="${x(spread[0])}" y1="${middle}" x2="${x(spread[1])}" y2="${middle}"/>`);
    const end = x(Math.max(app, spread[1])) + 6;
    lines.push(`<text${emphasis} x="${end}" y="${middle + 4.5}">${Math.round(app)}</text>`);
  }
  return `${lines.join("\n")}\n</svg>\n`;
}
