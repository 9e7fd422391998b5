// Polls the data every 5 s, and puts what has changed into the page.

import { model as modelOf } from "./model.js";
import * as sections from "./sections.js";
import { clock, look } from "./words.js";

const INTERVAL = 5000;
const TIMEOUT = 4000;

const byId = (id) => document.getElementById(id);
const polled = { at: null, error: null, now: 0 };
let bearer = "";
let model = null;

/** What was drawn last, so that what has not changed keeps focus and selection. */
const drawn = new Map();

function put(id, made) {
  const nodes = [made].flat().filter((node) => node !== null && node !== undefined);
  const text = nodes.map((node) => node.outerHTML).join("");
  if (drawn.get(id) === text) return;
  drawn.set(id, text);
  const target = byId(id);
  const focused = target.contains(document.activeElement) ? document.activeElement.id : null;
  target.replaceChildren(...nodes);
  if (focused) byId(focused)?.focus();
}

/** Lets the browser answer a key or a click between two pieces of work. */
const pause = () => new Promise((done) => setTimeout(done));

/** Draws the charts one by one, and what is folded only while it is open. */
async function putCharts() {
  const shown = model;
  if (!shown) return;
  const history = sections.history(shown);
  const isOpen = (id) => byId(id).open;
  const pieces = [
    ["rates", history.rates],
    ["share", history.share],
    ["rates-table", history.ratesTable, "rates-details"],
    ["share-table", history.shareTable, "share-details"],
    ["how", () => sections.how(shown), "how-details"],
    ["how-table", () => sections.howTable(shown), "how-details"],
  ];
  for (const [id, made, details] of pieces) {
    await pause();
    // Newer data may have come meanwhile, which draw themselves.
    if (model !== shown) return;
    if (!details || isOpen(details)) put(id, made());
  }
}

function draw() {
  put("banner", sections.banner(model, polled));
  if (!model) return;
  byId("name").textContent = model.name ? `Canary console: ${model.name}` : "Canary console";
  document.title = `${look(model.state).sign} ${model.state}: ${model.name ?? "canary"}`;
  byId("now").dataset.tone = look(model.state).tone;
  document.documentElement.classList.toggle("stale", Boolean(model.stale || polled.error));
  put("now", sections.now(model));
  for (const name of ["exposed", "ladder", "metrics", "data", "versions", "strata", "faults", "runs"])
    put(name, sections[name](model));
  put("ratios", sections.ratioChart(model));
  putCharts();
}

async function read() {
  const headers = bearer ? { authorization: `Bearer ${bearer}` } : {};
  const signal = AbortSignal.timeout(TIMEOUT);
  const answer = await fetch("data", { headers, signal, credentials: "omit", cache: "no-store" });
  byId("token").hidden = answer.status !== 401;
  if (!answer.ok)
    throw new Error(answer.status === 401 ? "the collector asks for its token" : `status ${answer.status}`);
  return answer.json();
}

async function poll() {
  try {
    const data = await read();
    Object.assign(polled, { at: data.now, now: data.now, error: null });
    model = modelOf(data);
    byId("poll").textContent = `Read at ${clock(data.now, data.now)}, again every 5 s`;
  } catch (error) {
    polled.error = error.name === "TimeoutError" ? "no answer within 4 s" : error.message;
    polled.now = Date.now() / 1000;
    byId("poll").textContent = "Cannot read new data; trying again every 5 s";
  }
  draw();
}

async function loop() {
  await poll();
  setTimeout(loop, INTERVAL);
}

for (const id of ["rates-details", "share-details", "how-details"]) byId(id).addEventListener("toggle", putCharts);
byId("token").addEventListener("submit", (event) => {
  event.preventDefault();
  bearer = byId("bearer").value.trim();
  poll();
});
document.addEventListener("click", async (event) => {
  if (event.target.id !== "copy") return;
  try {
    await navigator.clipboard.writeText(byId("command").textContent);
    event.target.textContent = "Copied";
  } catch {
    getSelection().selectAllChildren(byId("command"));
  }
});
loop();
