import { el, grouped } from "./dom.js";

const buckets = 100_000;
const percent = (bucket) => `${bucket / 1000} %`;

/** All buckets as a line from 0 to 100 %: the canary's share, the control's, and the place of this user. */
export function createRuler() {
  const [canary, control, marker] = ["canary", "control", "marker"].map((name) => el("span", { className: name }));
  const track = el("div", { className: "track", role: "img" }, canary, control, marker);
  const marks = [0, 25, 50, 75, 100].map((text) => el("span", {}, text));
  const scale = el("div", { className: "scale", "aria-hidden": "true" }, ...marks);
  const legend = el("p", { className: "legend" });

  const place = (node, from, to) => {
    node.hidden = to <= from;
    node.style.setProperty("--from", `${from / 1000}%`);
    node.style.setProperty("--size", `${(to - from) / 1000}%`);
  };

  return {
    node: el("div", { className: "ruler" }, track, scale, legend),

    /** `share` in buckets. The control takes as many as the canary, from the middle on. */
    show({ bucket }, share) {
      const [from, to] = [Math.max(share, buckets / 2), Math.min(share + buckets / 2, buckets)];
      place(canary, 0, share);
      place(control, from, to);
      place(marker, bucket ?? 0, (bucket ?? -1) + 1);
      const own = bucket === null ? "no bucket" : `bucket ${grouped(bucket)}`;
      const parts = [
        ["canary", `canary ${percent(share)}`],
        ["control", `control ${percent(to - from)}`],
        ["marker", own],
      ];
      track.setAttribute("aria-label", parts.map(([, text]) => text).join(", "));
      legend.replaceChildren(...parts.map(([name, text]) => el("span", { className: `key ${name}` }, text)));
    },
  };
}
