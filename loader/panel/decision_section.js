import { el, facts, grouped, section } from "./dom.js";
import { createRuler } from "./ruler.js";
import { address, askedArm, go } from "./override_url.js";

/** Long ids are nobody's to read, and pictures of them travel. */
const shorten = (key) => (key.length > 16 ? `${key.slice(0, 8)}…${key.slice(-4)}` : key || "none");

/** Which bundle this page has, why, and ways to another one. */
export function createArm({ view, overrides }) {
  let began; // the canary's share when it was decided, or nearly so
  const ruler = createRuler();
  const sentence = el("p", { className: "why" });
  const list = el("dl", { className: "pairs" });
  const choices = [null, "stable", "canary"].map((arm) => {
    const click = () => go(address(arm, overrides()));
    return [arm, el("button", { type: "button", className: arm ?? "", click }, arm ?? "as decided")];
  });
  const buttons = choices.map(([, node]) => node);
  const group = el("div", { className: "choices", role: "group", "aria-label": "Load with" }, ...buttons);
  const load = el("div", { className: "line" }, el("span", {}, "Load with"), group);

  return {
    node: section("Arm", sentence, ruler.node, load, list),

    show({ about, memory, next }) {
      const { answer, decision } = view;
      const { variant, cohort, reason, errorCode, revision, eligible } = decision;
      began ??= about.percentage;
      sentence.replaceChildren(why(view, memory, began), ...(next ? [` The next page view gets ${next}.`] : []));
      ruler.show(decision, about.percentage);
      for (const [arm, node] of choices) node.setAttribute("aria-pressed", arm === askedArm());
      const isNewer = about.revision !== revision && reason !== "ERROR";
      list.replaceChildren(
        ...facts({
          decided: variant,
          reason: errorCode ? `${reason}, ${errorCode}` : reason,
          cohort,
          counted: eligible ? "yes" : "no",
          user: shorten(view.user.targetingKey ?? ""),
          revision: isNewer ? `${revision ?? "none"}, now ${about.revision ?? "none"}` : (revision ?? "none"),
          salt: about.salt,
          canary: answer.version,
          "flags for": about.targetingKey === view.user.targetingKey ? null : shorten(about.targetingKey),
        }),
      );
    },
  };
}

function why(view, memory, share) {
  const { variant, bucket, reason } = view.decision;
  const loaded = document.documentElement.dataset.canaryVariant;
  if (loaded !== variant) return `The ${variant} was decided and did not come up, so ${loaded} is in its place.`;
  if (reason === "ERROR") return "No decision could be made, so stable loads.";
  if (reason === "STALE") return "The config could not be had; the last one that was good has decided.";
  if (reason === "STATIC") return "The canary takes everybody.";
  if (reason === "TARGETING_MATCH") {
    return askedArm() === variant ? "The address asks for it." : "A rule of the config says so.";
  }
  if (reason === "CACHED") {
    return memory.bad === view.answer.version
      ? "This canary failed in this browser before: it is in quarantine."
      : "A config took this browser to stable a short time ago, and a hold keeps it there.";
  }
  if (reason === "DISABLED") {
    return bucket === null
      ? "Nobody whom the page may or can recognise again."
      : "The canary is off, for overrides as well.";
  }
  const side = variant === "canary" ? "within" : "outside";
  return `Bucket ${grouped(bucket)} of 100,000 is ${side} the canary’s ${share / 1000} %.`;
}
