/** The panel's smaller sections: visitor state, console lines, and the footer with link and reset. */
import { load, removeAll } from "../storage/storage.js";
import { logBuffer } from "../util/log.js";
import { descriptions, el, section } from "./dom.js";
import { loadPage, overrideUrl, requestedArm } from "./override_url.js";

const formatTime = (/** @type {number} */ time) => new Date(time).toLocaleTimeString("en-GB");

/**
 * Creates the section about what earlier page views left in this browser.
 *
 * @param {PageState} page
 * @returns {PanelPart}
 */
export function createVisitorSection(page) {
  const list = el("dl");
  const click = () => {
    removeAll();
    loadPage(location.href);
  };
  const button = el("button", { type: "button", click }, "Forget and reload");
  const node = section("This browser remembers", el("div", { className: "line" }, list, button));
  return {
    node,
    show({ visitorState: { arm, until, bad } }) {
      const seconds = Math.ceil((until - Date.now()) / 1000);
      const { at } = load("canary_good");
      const entries = descriptions({
        arm,
        hold: seconds > 0 ? `stable for another ${seconds} s` : null,
        quarantine: [bad ?? []]
          .flat()
          .map((version) => (version === page.answer.version ? `${version}, which is this canary` : version))
          .join(", "),
        "good config": at && `of ${formatTime(at)}`,
      });
      list.replaceChildren(...entries);
      node.hidden = !entries.length;
    },
  };
}

/**
 * Creates the section with the runtime's last console lines.
 *
 * @returns {PanelPart}
 */
export function createConsoleSection() {
  const list = el("ol");
  const node = section("Console", list);
  return {
    node,
    show() {
      const { lines } = logBuffer();
      const items = lines.map(({ at, text }) => {
        const className = text[0] === "E" ? "fault" : "";
        return el("li", { className }, el("time", {}, formatTime(at)), el("b", {}, text.slice(0, 4)), text.slice(4));
      });
      list.replaceChildren(...items.reverse());
      node.hidden = !lines.length;
    },
  };
}

/**
 * Creates the section with the reports that this page view has sent.
 *
 * @param {PageState} page
 * @returns {PanelPart}
 */
export function createReportsSection(page) {
  const list = el("ol");
  const node = section("Reports of this page view", list);
  return {
    node,
    show() {
      const { reports = [] } = page;
      const items = reports.map(({ kind, age, state, ...fields }) => {
        const details = Object.entries(fields).map(([name, value]) => `${name} ${value}`);
        const text = [` after ${age} ms`, ...details, ...(state === "sent" ? [] : [state])].join(", ");
        return el("li", { className: state === "dropped" ? "fault" : "" }, el("b", {}, kind), text);
      });
      list.replaceChildren(...items);
      node.hidden = !reports.length;
    },
  };
}

/**
 * Creates the footer: a link with all overrides, and a button to reset them.
 *
 * @param {FlagClient} flags
 * @param {() => [string, unknown][]} overrides of flags
 * @returns {PanelPart}
 */
export function createFooter(flags, overrides) {
  const link = el("input", { className: "link", readOnly: true, hidden: true, "aria-label": "Link" });
  const click = async () => {
    link.hidden = false;
    link.value = overrideUrl(requestedArm(), overrides());
    link.select();
    const isCopied = await navigator.clipboard?.writeText(link.value).then(
      () => true,
      () => false,
    );
    copy.textContent = isCopied ? "Copied" : "Copy it from below";
  };
  const copy = el("button", { type: "button", click }, "Copy link");
  const reset = el("button", { type: "button", click: () => flags.clearOverrides() }, "Reset flags");
  return {
    node: el("footer", {}, el("div", { className: "line" }, copy, reset), link),
    show({ config }) {
      reset.disabled = !config.overridden.length;
      copy.textContent = "Copy link";
      link.hidden = true;
    },
  };
}
