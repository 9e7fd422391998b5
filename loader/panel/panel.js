import style from "panel-style";
import { createArm } from "./decision_section.js";
import { attempt } from "../util/safe.js";
import { el, facts, section } from "./dom.js";
import { keep, lines } from "../util/lines.js";
import { forget, recall } from "../storage/storage.js";
import { createFlags } from "./flag_list.js";
import { address, askedArm, go } from "./override_url.js";

/**
 * The panel for developers: what was decided and why, what flags are, and ways to override both. It stands beside the body,
 * in a shadow root, so that neither an app that draws the body anew nor a style of the page's reaches it; it only looks,
 * which exposes nobody.
 */
export function open(settings, view) {
  const { flags } = view;
  const overrides = () => {
    const { overridden = [] } = flags.describe() ?? {};
    return overridden.map((key) => [key, flags.look(key).value]).filter(([, value]) => value !== undefined);
  };
  const frame = createFrame();
  const arm = createArm({ view, overrides });
  const parts = [arm, createFlags(flags), createMemory(view), createLines(), createFoot(flags, overrides)];
  frame.body.append(...parts.map(({ node }) => node));

  let about;
  let next;
  const show = () => {
    about = flags.describe() ?? about;
    // A refresh may bring a config that allows it no more.
    if (!about.query) return frame.host.remove();
    const loaded = document.documentElement.dataset.canaryVariant;
    frame.show(loaded, about.overridden.length + (askedArm() ? 1 : 0));
    const memory = recall("canary_memory");
    for (const part of parts) part.show({ about, memory, next });
  };
  let isDue = false;
  const update = () => {
    if (isDue) return;
    isDue = true;
    queueMicrotask(() => {
      isDue = false;
      show();
    });
  };

  const fault = ({ code, message }) => {
    const text = `${code} ${message}`;
    if (!lines().at(-1)?.text.startsWith(text)) keep(text);
  };
  view.canary.on("error", fault);
  view.canary.on("stale", fault);
  view.canary.on("superseded", ({ variant }) => {
    next = variant;
    update();
  });
  view.looked = lines().changed = update;
  // A fallback, which also a page that has stopped may come to.
  new MutationObserver(update).observe(document.documentElement, { attributeFilter: ["data-canary-variant"] });
  show();
  document.documentElement.append(frame.host);
}

/** The panel's box: a line that is always there, and all else below it. */
function createFrame() {
  const host = el("canary-panel", { lang: "en", dir: "ltr" });
  const root = host.attachShadow({ mode: "open" });
  const sheet = new CSSStyleSheet();
  sheet.replaceSync(style);
  root.adoptedStyleSheets = [sheet];

  const [arm, count] = [el("span"), el("span", { className: "count" })];
  const body = el("div", { className: "body", id: "body" });
  const setOpen = (isOpen) => {
    body.hidden = !isOpen;
    toggle.setAttribute("aria-expanded", isOpen);
    attempt(() => sessionStorage.setItem("canary_panel", isOpen ? "open" : "closed"));
  };
  const toggle = el(
    "button",
    { type: "button", className: "toggle", "aria-controls": "body", click: () => setOpen(body.hidden) },
    el("b", {}, "canary-runtime"),
    arm,
    count,
  );
  const leave = () => host.remove();
  const close = el("button", { type: "button", className: "close", "aria-label": "Close", click: leave }, "×");
  root.append(el("aside", { "aria-label": "Canary" }, el("header", {}, toggle, close), body));
  setOpen(attempt(() => sessionStorage.getItem("canary_panel")) !== "closed");
  // What is typed here is not for the page's shortcuts.
  for (const type of ["keydown", "keyup", "keypress"]) host.addEventListener(type, (event) => event.stopPropagation());

  return {
    host,
    body,
    show(loaded, overridden) {
      arm.textContent = loaded;
      arm.className = `arm ${loaded}`;
      count.textContent = overridden ? `${overridden} override${overridden > 1 ? "s" : ""}` : "";
    },
  };
}

/** What page views before left behind. */
function createMemory(view) {
  const list = el("dl");
  const click = () => {
    for (const key of ["canary_memory", "canary_mark", "canary_good"]) forget(key);
    forget("canary_reload", "sessionStorage");
    go(location.href);
  };
  const button = el("button", { type: "button", click }, "Forget and reload");
  const node = section("This browser remembers", el("div", { className: "line" }, list, button));
  return {
    node,
    show({ memory: { arm, until, bad } }) {
      const left = Math.ceil((until - Date.now()) / 1000);
      const { at } = recall("canary_good");
      const entries = facts({
        arm,
        hold: left > 0 ? `stable for another ${left} s` : null,
        quarantine: bad && (bad === view.answer.version ? `${bad}, which is this canary` : bad),
        "good config": at && `of ${new Date(at).toLocaleTimeString("en-GB")}`,
      });
      list.replaceChildren(...entries);
      node.hidden = !entries.length;
    },
  };
}

/** The runtime's last lines of the console. */
function createLines() {
  const list = el("ol");
  const node = section("Console", list);
  return {
    node,
    show() {
      node.hidden = !lines().length;
      const line = ({ at, text }) =>
        el(
          "li",
          { className: text[0] === "E" ? "fault" : "" },
          el("time", {}, new Date(at).toLocaleTimeString("en-GB")),
          el("b", {}, text.slice(0, 4)),
          text.slice(4),
        );
      list.replaceChildren(...lines().map(line).reverse());
    },
  };
}

function createFoot(flags, overrides) {
  const link = el("input", { className: "link", readOnly: true, hidden: true, "aria-label": "Link" });
  const copy = el("button", { type: "button" }, "Copy link");
  copy.addEventListener("click", async () => {
    link.hidden = false;
    link.value = address(askedArm(), overrides());
    link.select();
    const isCopied = await navigator.clipboard?.writeText(link.value).then(
      () => true,
      () => false,
    );
    copy.textContent = isCopied ? "Copied" : "Copy it from below";
  });
  const reset = el("button", { type: "button", click: () => flags.clearOverrides() }, "Reset flags");
  return {
    node: el("footer", {}, el("div", { className: "line" }, copy, reset), link),
    show({ about }) {
      reset.disabled = !about.overridden.length;
      copy.textContent = "Copy link";
      link.hidden = true;
    },
  };
}
