/** Developer information at the foot of the demo: the decision for this user, and the reason for it. */

import { canary } from "/runtime/canary.js";
import { loadConfig } from "/demo/config.js";
import { currentId, forgetId, storeId, validId } from "/demo/identity.js";

const buckets = 100000;
const maxFlagsShown = 40;
const none = "–";
const strip = document.querySelector("#strip");
const grouped = new Intl.NumberFormat("en");

function el(tag, attributes = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (typeof value === "function") node.addEventListener(name, value);
    else node.setAttribute(name, value);
  }
  node.append(...children);
  return node;
}

const withError = (reason, errorCode) => (errorCode ? `${reason}, ${errorCode}` : reason);

/** A scale of all buckets: the canary's share, the control group of the same size, and this user's bucket. */
function bucketScale(bucket, percentage) {
  const track = el("span", { class: "track" });
  if (percentage > 0) track.append(el("span", { class: "share" }));
  if (percentage > 0 && percentage <= 50) track.append(el("span", { class: "share control" }));
  if (bucket !== null) track.append(el("span", { class: "marker" }));
  track.style.setProperty("--percentage", `${percentage ?? 0}%`);
  track.style.setProperty("--bucket", `${((bucket ?? 0) / buckets) * 100}%`);
  const place = bucket === null ? "No bucket" : `Bucket ${grouped.format(bucket)} of ${grouped.format(buckets)}`;
  const share = percentage === null ? "no usable config" : `the canary takes the first ${percentage} percent`;
  return el(
    "span",
    { class: "number-line", role: "img", "aria-label": `${place}; ${share}` },
    el("span", { class: "end" }, "0"),
    track,
    el("span", { class: "end" }, grouped.format(buckets - 1)),
  );
}

/** The arm that is loaded, which a fallback changes after the decision. */
function armText(decision) {
  const loaded = document.documentElement.dataset.canaryVariant ?? decision.variant;
  return loaded === decision.variant ? loaded : `${loaded}, fallback from ${decision.variant}`;
}

function decisionTable(decision, percentage) {
  const facts = {
    Arm: armText(decision),
    Cohort: decision.cohort,
    Bucket: decision.bucket === null ? none : grouped.format(decision.bucket),
    Percentage: percentage === null ? none : `${percentage} %`,
    Revision: decision.revision === null ? none : String(decision.revision),
    Reason: withError(decision.reason, decision.errorCode),
    Counted: decision.eligible ? "yes" : "no",
    "User id": currentId() ?? "none stored",
  };
  const fact = ([label, value]) =>
    el("div", label === "Reason" ? { class: "wide" } : {}, el("dt", {}, label), el("dd", {}, value));
  return el("section", {}, el("h2", {}, "Decision"), el("dl", {}, ...Object.entries(facts).map(fact)));
}

function flagRow(key) {
  const { value, reason, errorCode } = canary.getBooleanDetails(key, false);
  return el(
    "tr",
    { "data-flag": key },
    el("th", { scope: "row" }, key),
    el("td", { class: value ? "on" : "off" }, String(value)),
    el("td", {}, withError(reason, errorCode)),
  );
}

function flagTable(config) {
  const section = el("section", {}, el("h2", {}, "Flags"));
  if (config === null) section.append(el("p", {}, "No usable config, so its flags are not known here."));
  else if (config.flagKeys.length === 0) section.append(el("p", {}, "The config has no flags."));
  else {
    const head = el("tr", {}, ...["Flag", "Value", "Reason"].map((label) => el("th", { scope: "col" }, label)));
    const rows = config.flagKeys.slice(0, maxFlagsShown).map(flagRow);
    section.append(el("table", {}, el("thead", {}, head), el("tbody", {}, ...rows)));
    const rest = config.flagKeys.length - rows.length;
    if (rest > 0) section.append(el("p", {}, `and ${grouped.format(rest)} more`));
  }
  return section;
}

function userForm() {
  const message = el("p", { class: "message", role: "status" });
  const input = el("input", {
    id: "strip-id",
    autocomplete: "off",
    autocapitalize: "off",
    spellcheck: "false",
    maxlength: "128",
  });
  const submit = (event) => {
    event.preventDefault();
    const id = input.value.trim();
    const valid = validId.test(id);
    input.setAttribute("aria-invalid", String(!valid));
    if (!valid) message.textContent = "1 to 128 letters, digits, hyphens or underscores.";
    else if (storeId(id)) location.reload();
    else message.textContent = "This browser does not store the id.";
  };
  const renew = () => {
    forgetId();
    location.reload();
  };
  return el(
    "section",
    {},
    el("h2", {}, el("label", { for: "strip-id" }, "Try another user id")),
    el(
      "form",
      { submit },
      el("div", { class: "fields" }, input, el("button", { type: "submit" }, "Use")),
      el("button", { type: "button", click: renew }, "New random user"),
      message,
    ),
  );
}

/** The line that is always visible; the rest opens below it. */
function summary(decision, percentage) {
  const variant = document.documentElement.dataset.canaryVariant ?? decision.variant;
  const bucket = decision.bucket === null ? "no bucket" : `bucket ${grouped.format(decision.bucket)}`;
  const share = percentage === null ? "no usable config" : `canary ${percentage} %`;
  return [
    el("span", { class: "name" }, "Developer information"),
    el("span", { class: `arm ${variant}` }, variant),
    bucketScale(decision.bucket, percentage),
    el("span", { class: "gist" }, `${bucket}, ${share}`),
  ];
}

const decision = await canary.ready;
const summaryLine = el("summary");
const facts = el("div", { class: "facts" });
let config = null;

function render() {
  const percentage = config?.percentage ?? null;
  Object.assign(strip.dataset, { variant: decision.variant, cohort: decision.cohort, reason: decision.reason });
  summaryLine.replaceChildren(...summary(decision, percentage));
  facts.replaceChildren(decisionTable(decision, percentage), flagTable(config));
}

async function refresh() {
  // A config that the runtime has rejected does not describe this page.
  config = decision.reason === "ERROR" ? null : await loadConfig();
  render();
}

// The strip is shown with the config, unless the config is late.
await Promise.race([
  refresh(),
  new Promise((resolve) => {
    setTimeout(resolve, 300);
  }),
]);
render();
strip.append(el("details", {}, summaryLine, el("div", { class: "columns" }, facts, userForm())));
strip.hidden = false;

// Keeps what has the keyboard's focus from being scrolled under the strip.
new ResizeObserver(() => {
  document.documentElement.style.setProperty("--strip-height", `${strip.offsetHeight}px`);
}).observe(strip);

canary.on?.("configurationChanged", refresh);
canary.on?.("fallback", render);
