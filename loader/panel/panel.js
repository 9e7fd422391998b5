/** The script for the developers' panel: what was decided and why, what the flags are, and ways to override both. */
import style from "panel-style";
import { describeFlags } from "../flags/flag_summary.js";
import { load, useApp } from "../storage/storage.js";
import { bufferLine, logBuffer } from "../util/log.js";
import { tryOrNull } from "../util/safe.js";
import { createDecisionSection } from "./decision_section.js";
import { el } from "./dom.js";
import { createFlagList } from "./flag_list.js";
import { requestedArm } from "./override_url.js";
import { createConsoleSection, createFooter, createReportsSection, createVisitorSection } from "./sections.js";

/**
 * Opens the panel. It stands beside the body, in a shadow root, so that neither an app that draws the body anew nor the
 * page's styles reach it. It inspects flags, which exposes nobody.
 *
 * @param {PageState} page
 */
export function openPanel(page) {
  const flags = /** @type {FlagClient} */ (page.flags);
  useApp(page.settings.config);
  const overrides = () => {
    const { overridden = [] } = describeFlags(flags) ?? {};
    const values = overridden.map((key) => /** @type {[string, unknown]} */ ([key, flags.inspect(key).value]));
    return values.filter(([, value]) => value !== undefined);
  };
  const frame = createFrame();
  const parts = [
    createDecisionSection(page, overrides),
    createFlagList(page),
    createVisitorSection(page),
    createReportsSection(page),
    createConsoleSection(),
    createFooter(flags, overrides),
  ];
  frame.body.append(...parts.map(({ node }) => node));

  /** @type {Required<ConfigSummary>} */
  let config;
  /** @type {Arm | undefined} */
  let nextVariant;
  const show = () => {
    config = describeFlags(flags) ?? config;
    // A refresh can bring a config that allows no overrides.
    if (!config.query) return frame.host.remove();
    const loaded = document.documentElement.dataset.canaryVariant ?? "";
    frame.show(loaded, config.overridden.length + (requestedArm() ? 1 : 0));
    const visitorState = load("canary_memory");
    for (const part of parts) part.show({ config, visitorState, nextVariant });
  };
  let isUpdateDue = false;
  const update = () => {
    if (isUpdateDue) return;
    isUpdateDue = true;
    queueMicrotask(() => {
      isUpdateDue = false;
      show();
    });
  };

  // canary.js logs without the buffer, so its faults are taken from the events.
  const bufferFault = (/** @type {Fault} */ { code, message }) => {
    const text = `${code} ${message}`;
    const { lines } = logBuffer();
    if (!lines[lines.length - 1]?.text.startsWith(text)) bufferLine(text);
  };
  page.on("error", bufferFault);
  page.on("stale", bufferFault);
  page.on("superseded", ({ variant }) => {
    nextVariant = variant;
    update();
  });
  page.updatePanel = logBuffer().onChange = update;
  // A fallback changes the attribute, also after the page has stopped the runtime.
  new MutationObserver(update).observe(document.documentElement, { attributeFilter: ["data-canary-variant"] });
  show();
  document.documentElement.append(frame.host);
}

/** Creates the panel's box: a line that is always visible, and a body that opens below it. */
function createFrame() {
  const host = el("canary-panel", { lang: "en", dir: "ltr" });
  const root = host.attachShadow({ mode: "open" });
  const sheet = new CSSStyleSheet();
  sheet.replaceSync(style);
  root.adoptedStyleSheets = [sheet];

  const [arm, count] = [el("span"), el("span", { className: "count" })];
  const body = el("div", { className: "body", id: "body" });
  const setOpen = (/** @type {boolean} */ isOpen) => {
    body.hidden = !isOpen;
    toggle.setAttribute("aria-expanded", String(isOpen));
    tryOrNull(() => sessionStorage.setItem("canary_panel", isOpen ? "open" : "closed"));
  };
  const properties = { type: "button", className: "toggle", "aria-controls": "body" };
  const title = el("b", {}, "canary-runtime");
  const toggle = el("button", { ...properties, click: () => setOpen(body.hidden) }, title, arm, count);
  const click = () => host.remove();
  const close = el("button", { type: "button", className: "close", "aria-label": "Close", click }, "×");
  root.append(el("aside", { "aria-label": "Canary" }, el("header", {}, toggle, close), body));
  setOpen(tryOrNull(() => sessionStorage.getItem("canary_panel")) !== "closed");
  // Keys that the user presses here must not reach the page's shortcuts.
  for (const type of ["keydown", "keyup", "keypress"]) {
    host.addEventListener(type, (/** @type {Event} */ event) => event.stopPropagation());
  }

  return {
    host,
    body,
    /** @param {string} loaded the arm @param {number} overridden how many overrides there are */
    show(loaded, overridden) {
      arm.textContent = loaded;
      arm.className = `arm ${loaded}`;
      count.textContent = overridden ? `${overridden} override${overridden > 1 ? "s" : ""}` : "";
    },
  };
}
