/** The panel's section about flags: a row for each, with a control to override it. */
import { clearOverride, definitionOf } from "../flags/flag_summary.js";
import { tryOrNull } from "../util/safe.js";
import { descriptions, el, formatNumber, section } from "./dom.js";

const filterFrom = 10; // flags; fewer need no filter
const maxRows = 100;
const otherValue = "other …";

/**
 * @param {PageState} page
 * @returns {PanelPart}
 */
export function createFlagList(page) {
  /** @type {Map<string, PanelRow>} */
  const rows = new Map();
  const table = el("div", { className: "flags" });
  const note = el("p", { className: "quiet" });
  const input = () => showRows();
  const filter = el("input", { type: "search", placeholder: "Filter", "aria-label": "Filter flags", input });
  /** @type {string[]} */
  let keys = [];

  const rowOf = (/** @type {string} */ key) => {
    const row = rows.get(key) ?? createRow(key, page);
    rows.set(key, row);
    return row;
  };

  const showRows = () => {
    filter.hidden = keys.length <= filterFrom;
    const wanted = filter.hidden ? "" : filter.value.trim().toLowerCase();
    const found = keys.filter((key) => key.toLowerCase().includes(wanted));
    for (const key of rows.keys()) if (!keys.includes(key)) rows.delete(key);
    const nodes = found.slice(0, maxRows).map((key) => {
      const row = rowOf(key);
      row.show();
      return row.node;
    });
    // Replacing a row would end what the user types in it.
    const isSame = nodes.length === table.childElementCount && nodes.every((node, at) => node === table.children[at]);
    if (!isSame) table.replaceChildren(...nodes);
    const more = found.length - nodes.length;
    note.textContent = !keys.length
      ? "The config has no flags."
      : !found.length
        ? "No flag has that in its key."
        : more
          ? `and ${formatNumber(more)} more`
          : "";
    note.hidden = !note.textContent;
  };

  return {
    node: section("Flags", filter, table, note),
    show({ config }) {
      ({ keys } = config);
      showRows();
    },
  };
}

/**
 * @param {string} key
 * @param {PageState} page
 * @returns {PanelRow}
 */
function createRow(key, page) {
  const flags = /** @type {FlagClient} */ (page.flags);
  let isTyping = false; // a value of its own, where variants could be chosen
  /** @type {string | undefined} */
  let shown; // what the control was made for
  const place = el("span", { className: "control" });
  const chip = el("span", { className: "chip" });
  const name = el("button", { type: "button", className: "name", "aria-expanded": false }, key);
  const clear = () => {
    isTyping = false;
    clearOverride(page, key);
    name.focus(); // this button disappears
  };
  const label = `Reset ${key}`;
  const reset = el("button", { type: "button", className: "reset", "aria-label": label, click: clear }, "reset");
  const list = el("dl");
  const definition = el("pre", { tabIndex: 0 });
  const more = el("div", { hidden: true }, list, definition);
  name.addEventListener("click", () => {
    more.hidden = !more.hidden;
    name.setAttribute("aria-expanded", String(!more.hidden));
    show();
  });
  const node = el("div", { className: "flag" }, name, place, el("p", { className: "reason" }, chip, reset), more);
  node.dataset.flag = key;

  const set = (/** @type {any} */ value) => {
    isTyping = false;
    flags.setOverride(key, value);
  };

  const createSwitch = (/** @type {any} */ value) => {
    const properties = { type: "button", role: "switch", "aria-checked": value, "aria-label": key };
    return el("button", { ...properties, click: () => set(!value) }, String(value));
  };

  const createChoice = (/** @type {any} */ value, /** @type {FlagVariant[]} */ variants) => {
    const present = JSON.stringify(value);
    const change = (/** @type {any} */ { target }) => {
      const variant = variants[target.selectedIndex];
      if (variant) return set(variant.value);
      isTyping = true;
      show();
      place.firstChild.focus();
    };
    const options = variants.map(({ name, value }) =>
      el("option", { selected: JSON.stringify(value) === present }, name),
    );
    return el("select", { "aria-label": key, change }, ...options, el("option", {}, otherValue));
  };

  const createField = (/** @type {any} */ value) => {
    const isText = typeof value === "string";
    const text = isText ? value : (JSON.stringify(value) ?? "");
    const change = (/** @type {any} */ { target }) => {
      const typed = isText ? target.value : tryOrNull(() => JSON.parse(target.value));
      const isValid = isText || typed !== null || target.value.trim() === "null";
      target.setAttribute("aria-invalid", String(!isValid));
      target.title = isValid ? "" : "Expected JSON";
      if (isValid) set(typed);
    };
    const keydown = (/** @type {KeyboardEvent} */ event) => {
      if (event.key !== "Escape") return;
      isTyping = false;
      shown = undefined;
      show();
    };
    const label = `${key}, ${isText ? "text" : "JSON"}`;
    const plain = { placeholder: "JSON", spellcheck: false, autocomplete: "off", "aria-label": label };
    return el("input", { value: text, ...plain, change, keydown });
  };

  function showControl(/** @type {any} */ value, /** @type {FlagVariant[]} */ variants) {
    const isVariant = variants.some((variant) => JSON.stringify(variant.value) === JSON.stringify(value));
    const kind = isTyping ? "field" : typeof value === "boolean" ? "switch" : isVariant ? "choice" : "field";
    const state = JSON.stringify([kind, value, variants]);
    if (state !== shown) {
      const hadFocus = place.matches(":focus-within");
      const create = { switch: createSwitch, choice: createChoice, field: createField }[kind];
      place.replaceChildren(create(value, variants));
      if (hadFocus) place.firstChild.focus();
    }
    shown = state;
  }

  function show() {
    const { value, variant, reason, errorCode, bucket, override } = flags.inspect(key);
    const source = definitionOf(flags, key);
    const variants = Object.entries(source?.variants ?? {}).map(([name, { value }]) => ({ name, value }));
    showControl(value, variants);
    reset.hidden = !override;
    chip.textContent = override ? "override" : (errorCode ?? reason).toLowerCase().replaceAll("_", " ");
    chip.className = `chip ${override ? "override" : errorCode ? "fault" : ""}`;
    if (more.hidden) return;
    list.replaceChildren(
      ...descriptions({
        value: value === undefined ? "the caller’s default" : JSON.stringify(value),
        variant,
        reason: errorCode ? `${reason}, ${errorCode}` : reason,
        bucket: bucket === undefined ? null : formatNumber(bucket),
      }),
    );
    definition.textContent = source == null ? "cannot be read, see the console" : JSON.stringify(source, null, 2);
  }

  return { node, show };
}
