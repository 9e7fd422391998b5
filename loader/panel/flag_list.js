import { attempt } from "../util/safe.js";
import { el, facts, grouped, section } from "./dom.js";

const filterFrom = 10; // flags; fewer are seen at a glance
const most = 100; // rows at a time

/** All flags of the config, and ways to override them. */
export function createFlags(flags) {
  const rows = new Map();
  const table = el("div", { className: "flags" });
  const rest = el("p", { className: "quiet" });
  const input = () => show();
  const filter = el("input", { type: "search", placeholder: "Filter", "aria-label": "Filter flags", input });
  let keys = [];

  const show = (news) => {
    keys = news?.about.keys ?? keys;
    filter.hidden = keys.length <= filterFrom;
    const wanted = filter.hidden ? "" : filter.value.trim().toLowerCase();
    const found = keys.filter((key) => key.toLowerCase().includes(wanted));
    for (const key of rows.keys()) if (!keys.includes(key)) rows.delete(key);
    const shown = found.slice(0, most).map((key) => {
      if (!rows.has(key)) rows.set(key, createRow(key, flags));
      rows.get(key).show();
      return rows.get(key).node;
    });
    // Who types in a row must not lose it.
    const isSame = shown.length === table.childElementCount && shown.every((node, at) => node === table.children[at]);
    if (!isSame) table.replaceChildren(...shown);
    const more = found.length - shown.length;
    rest.textContent = !keys.length
      ? "The config has no flags."
      : !found.length
        ? "No flag has that in its key."
        : more
          ? `and ${grouped(more)} more`
          : "";
    rest.hidden = !rest.textContent;
  };

  return { node: section("Flags", filter, table, rest), show };
}

const other = "other …";

function createRow(key, flags) {
  let typing = false; // where a choice would do
  let shown; // what the control was made for
  const place = el("span", { className: "control" });
  const chip = el("span", { className: "chip" });
  const clear = () => {
    typing = false;
    flags.clearOverride(key);
    name.focus(); // the button goes
  };
  const reset = el("button", { type: "button", className: "reset", "aria-label": `Reset ${key}`, click: clear }, "reset");
  const list = el("dl");
  const definition = el("pre", { tabIndex: 0 });
  const more = el("div", { hidden: true }, list, definition);
  const name = el("button", { type: "button", className: "name", "aria-expanded": false }, key);
  name.addEventListener("click", () => {
    more.hidden = !more.hidden;
    name.setAttribute("aria-expanded", !more.hidden);
    show();
  });
  const node = el("div", { className: "flag" }, name, place, el("p", { className: "reason" }, chip, reset), more);
  node.dataset.flag = key;

  const set = (value) => {
    typing = false;
    flags.setOverride(key, value);
  };

  const createSwitch = (value) => {
    const click = () => set(!value);
    return el("button", { type: "button", role: "switch", "aria-checked": value, "aria-label": key, click }, String(value));
  };

  const createChoice = (value, variants) => {
    const now = JSON.stringify(value);
    const change = ({ target }) => {
      const variant = variants[target.selectedIndex];
      if (variant) return set(variant.value);
      typing = true;
      show();
      place.firstChild.focus();
    };
    const options = variants.map(({ name, value }) => el("option", { selected: JSON.stringify(value) === now }, name));
    return el("select", { "aria-label": key, change }, ...options, el("option", {}, other));
  };

  const createField = (value) => {
    const isText = typeof value === "string";
    const text = isText ? value : (JSON.stringify(value) ?? "");
    const commit = ({ target }) => {
      const typed = isText ? target.value : attempt(() => JSON.parse(target.value));
      const isSound = isText || typed !== null || target.value.trim() === "null";
      target.setAttribute("aria-invalid", !isSound);
      target.title = isSound ? "" : "Expected JSON";
      if (isSound) set(typed);
    };
    const keydown = (event) => {
      if (event.key !== "Escape") return;
      typing = false;
      shown = null;
      show();
    };
    const label = `${key}, ${isText ? "text" : "JSON"}`;
    const plain = { placeholder: "JSON", spellcheck: false, autocomplete: "off", "aria-label": label };
    return el("input", { value: text, ...plain, change: commit, keydown });
  };

  function show() {
    const { value, variant, reason, errorCode, bucket, override } = flags.look(key);
    const source = flags.define(key);
    const variants = Object.entries(source?.variants ?? {}).map(([name, { value }]) => ({ name, value }));
    const isNamed = variants.some((one) => JSON.stringify(one.value) === JSON.stringify(value));
    const kind = typing ? "field" : typeof value === "boolean" ? "switch" : isNamed ? "choice" : "field";
    const state = JSON.stringify([kind, value, variants]);
    if (state !== shown) {
      const hadFocus = place.matches(":focus-within");
      const make = { switch: createSwitch, choice: createChoice, field: createField }[kind];
      place.replaceChildren(make(value, variants));
      if (hadFocus) place.firstChild.focus();
    }
    shown = state;
    reset.hidden = !override;
    chip.textContent = override ? "override" : (errorCode ?? reason).toLowerCase().replaceAll("_", " ");
    chip.className = `chip ${override ? "override" : errorCode ? "fault" : ""}`;
    if (more.hidden) return;
    list.replaceChildren(
      ...facts({
        value: value === undefined ? "the caller’s default" : JSON.stringify(value),
        variant,
        reason: errorCode ? `${reason}, ${errorCode}` : reason,
        bucket: bucket === undefined ? null : grouped(bucket),
      }),
    );
    definition.textContent = source == null ? "cannot be read, see the console" : JSON.stringify(source, null, 2);
  }

  return { node, show };
}
