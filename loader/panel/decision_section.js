/** The panel's section about the decision: which bundle this page has, why, and links to load another one. */
import { descriptions, el, formatNumber, section } from "./dom.js";
import { loadPage, overrideUrl, requestedArm } from "./override_url.js";

const buckets = 100_000;
const formatPercent = (/** @type {number} */ count) => `${count / 1000} %`;

/** Shortens long ids, which nobody reads, and which screenshots should not spread. @param {string} key */
const shorten = (key) => (key.length > 16 ? `${key.slice(0, 8)}…${key.slice(-4)}` : key || "none");

/**
 * @param {PageState} page
 * @param {() => [string, unknown][]} overrides of flags
 * @returns {PanelPart}
 */
export function createDecisionSection(page, overrides) {
  /** @type {number | undefined} */
  let firstPercentage; // when the panel was opened, so most likely also at the decision
  const scale = createBucketScale();
  const sentence = el("p", { className: "why" });
  const list = el("dl", { className: "pairs" });
  const buttons = [null, "stable", "canary"].map((arm) => {
    const click = () => loadPage(overrideUrl(arm, overrides()));
    return { arm, node: el("button", { type: "button", className: arm ?? "", click }, arm ?? "as decided") };
  });
  const nodes = buttons.map(({ node }) => node);
  const group = el("div", { className: "choices", role: "group", "aria-label": "Load with" }, ...nodes);
  const line = el("div", { className: "line" }, el("span", {}, "Load with"), group);

  return {
    node: section("Arm", sentence, scale.node, line, list),

    show({ config, visitorState, nextVariant }) {
      const { answer, decision, visitor } = page;
      const { variant, cohort, reason, errorCode, revision, eligible } = decision;
      firstPercentage ??= config.percentage;
      const next = nextVariant ? [` The next page view gets ${nextVariant}.`] : [];
      sentence.replaceChildren(explain(page, visitorState, firstPercentage), ...next);
      scale.show(decision.bucket, config.percentage);
      for (const { arm, node } of buttons) node.setAttribute("aria-pressed", arm === requestedArm());
      const isNewer = config.revision !== revision && reason !== "ERROR";
      list.replaceChildren(
        ...descriptions({
          decided: variant,
          reason: errorCode ? `${reason}, ${errorCode}` : reason,
          cohort,
          counted: eligible ? "yes" : "no",
          user: shorten(visitor.targetingKey),
          revision: isNewer ? `${revision ?? "none"}, now ${config.revision ?? "none"}` : (revision ?? "none"),
          salt: config.salt,
          canary: answer.version,
          "flags for": config.targetingKey === visitor.targetingKey ? null : shorten(config.targetingKey),
        }),
      );
    },
  };
}

/**
 * Explains the decision in a sentence.
 *
 * @param {PageState} page
 * @param {any} visitorState
 * @param {number} percentage the canary's share, in buckets
 */
function explain(page, visitorState, percentage) {
  const { answer, decision } = page;
  const { variant, bucket, reason } = decision;
  const loaded = document.documentElement.dataset.canaryVariant;
  if (loaded !== variant) return `The ${variant} was decided and did not come up, so ${loaded} is in its place.`;
  if (reason === "ERROR") return "No decision could be made, so stable loads.";
  if (reason === "STALE") return "The config could not be had; the last one that was good has decided.";
  if (reason === "STATIC") return "The canary takes everybody.";
  if (reason === "TARGETING_MATCH") {
    if (page.overrides?.tokenLevel(page.engine?.config()) && variant === "canary")
      return "The token of a QA link asks for it.";
    return requestedArm() === variant ? "The address asks for it." : "A rule of the config says so.";
  }
  if (reason === "CACHED") {
    return [visitorState.bad].flat().includes(answer.version)
      ? "This canary failed in this browser before: it is in quarantine."
      : "A config took this browser to stable a short time ago, and a hold keeps it there.";
  }
  if (bucket === null) return "Nobody whom the page may or can recognize again.";
  if (reason === "DISABLED") return "The canary is off, for overrides as well.";
  const side = variant === "canary" ? "within" : "outside";
  return `Bucket ${formatNumber(bucket)} of 100,000 is ${side} the canary’s ${formatPercent(percentage)}.`;
}

/** Creates a scale of all buckets, with the shares of canary and control and the bucket of this user. */
function createBucketScale() {
  const [canary, control, marker] = ["canary", "control", "marker"].map((className) => el("span", { className }));
  const track = el("div", { className: "track", role: "img" }, canary, control, marker);
  const labels = [0, 25, 50, 75, 100].map((percent) => el("span", {}, String(percent)));
  const scale = el("div", { className: "scale", "aria-hidden": "true" }, ...labels);
  const legend = el("p", { className: "legend" });

  const place = (/** @type {HTMLElement} */ node, /** @type {number} */ from, /** @type {number} */ to) => {
    node.hidden = to <= from;
    node.style.setProperty("--from", `${from / 1000}%`);
    node.style.setProperty("--size", `${(to - from) / 1000}%`);
  };

  return {
    node: el("div", { className: "buckets" }, track, scale, legend),

    /** @param {number | null} bucket @param {number} share the canary's, in buckets */
    show(bucket, share) {
      // The control takes as many buckets as the canary, from the middle on.
      const [from, to] = [Math.max(share, buckets / 2), Math.min(share + buckets / 2, buckets)];
      place(canary, 0, share);
      place(control, from, to);
      place(marker, bucket ?? 0, (bucket ?? -1) + 1);
      const parts = [
        ["canary", `canary ${formatPercent(share)}`],
        ["control", `control ${formatPercent(to - from)}`],
        ["marker", bucket === null ? "no bucket" : `bucket ${formatNumber(bucket)}`],
      ];
      track.setAttribute("aria-label", parts.map(([, text]) => text).join(", "));
      legend.replaceChildren(...parts.map(([name, text]) => el("span", { className: `key ${name}` }, text ?? "")));
    },
  };
}
