/** Stillwatt storefront, version 1.5.0: a stage on which each lamp can be seen lit, and a list beside it. */

const version = "1.5.0";
const app = document.querySelector("#app");
// Absent when the bundle is opened without the runtime: every flag is off then.
const canary = globalThis[Symbol.for("canary-runtime")];

// Drawings are paths in a 200 x 200 box; the class of a path says what it is made of. `bulb` is where
// the light comes from.
const lamps = [
  { id: "quarry", name: "Quarry", kind: "Pendant", price: 189, light: "9 W, 806 lm", finish: "graphite", bulb: [100, 108], art: [
    ["glow", "M46 104h108l36 96H10z"], ["line", "M100 0v40"], ["body", "M91 38h18v12H91z"],
    ["bulb", "M84 104a16 16 0 0 0 32 0z"], ["body", "M40 104a60 58 0 0 1 120 0z"]] },
  { id: "marl", name: "Marl", kind: "Table lamp", price: 129, light: "6 W, 470 lm", finish: "moss", bulb: [100, 79], art: [
    ["glow", "M-60-20h320v240H-60z"], ["bulb", "M100 34a45 45 0 1 1 0 90a45 45 0 1 1 0-90z"], ["body", "M90 121h20v43H90z"], ["body", "M62 164h76v12H62z"]] },
  { id: "hinge", name: "Hinge", kind: "Desk lamp", price: 159, light: "7 W, 600 lm", finish: "rust", bulb: [128, 80], art: [
    ["glow", "M104 92l48-28 48 74v44H98z"], ["line", "M66 176L44 102L112 54"], ["bulb", "M115 86a15 15 0 0 0 26-15z"],
    ["body", "M100 50l22-13 30 27-48 28z"], ["body", "M36 174h62v10H36z"]] },
  { id: "heron", name: "Heron", kind: "Floor lamp", price: 349, light: "11 W, 1055 lm", finish: "graphite", bulb: [148, 84], art: [
    ["glow", "M118 82h60l18 106h-96z"], ["line", "M52 186V64a48 48 0 0 1 96 0"], ["bulb", "M138 82a10 10 0 0 0 20 0z"],
    ["body", "M116 82a32 30 0 0 1 64 0z"], ["body", "M22 184h60v8H22z"]] },
  { id: "ledge", name: "Ledge", kind: "Wall light", price: 98, light: "2 x 4 W, 2 x 350 lm", finish: "chalk", bulb: [100, 100], art: [
    ["glow", "M84 66L66 0h88l-18 66z"], ["glow", "M84 134l-18 66h88l-18-66z"],
    ["body", "M46 72h12v56H46z"], ["line", "M58 100h26"], ["body", "M84 64h52v72H84z"]] },
  { id: "span", name: "Span", kind: "Linear pendant", price: 279, light: "18 W, 1900 lm", finish: "graphite", bulb: [100, 92], art: [
    ["glow", "M28 94h144l22 106H6z"], ["line", "M50 0v80M150 0v80"], ["bulb", "M26 90h148v7H26z"], ["body", "M18 78h164v13H18z"]] },
  { id: "spool", name: "Spool", kind: "Table lamp", price: 109, light: "6 W, 470 lm", finish: "rust", bulb: [100, 104], art: [
    ["glow", "M48 100h104l16 68H32z"], ["bulb", "M86 100a14 12 0 0 0 28 0z"], ["body", "M96 100h8v66h-8z"],
    ["body", "M72 34h56l26 66H46z"], ["body", "M66 166h68v10H66z"]] },
  { id: "ember", name: "Ember", kind: "Portable lamp", price: 89, light: "3 W, 9 hours", finish: "chalk", bulb: [100, 108], art: [
    ["glow", "M-60-20h320v240H-60z"], ["line", "M70 68a30 34 0 0 1 60 0"], ["bulb", "M68 82h64v52H68z"], ["body", "M60 66h80v17H60z"], ["body", "M60 134h80v34H60z"]] },
];
const deliveries = { standard: { label: "Standard, 3 to 5 working days", price: 6.9 }, express: { label: "Express, next working day", price: 14.9 } };
const temperatures = {
  candle: { label: "2200 K", name: "Candle", colour: "#ffb561" },
  warm: { label: "2700 K", name: "Warm", colour: "#ffd596" },
  neutral: { label: "4000 K", name: "Neutral", colour: "#fff1dd" },
};
const payments = { card: { label: "Card" }, transfer: { label: "Bank transfer" } };

// A lamp lies in the basket from the start, so that the checkout can be seen without a click.
const basket = new Map([["marl", 1]]);
const checkout = { step: -1, delivery: "standard", payment: "card", placed: false };
const scene = { lamp: lamps[3], temperature: "warm", brightness: 80 };
const flags = {};

const euro = new Intl.NumberFormat("en-IE", { style: "currency", currency: "EUR" });
const money = (amount) => (amount === 0 ? "Free" : euro.format(amount));

/** An element; functions among the attributes become listeners, `false` leaves one out. */
function el(tag, attributes = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (typeof value === "function") node.addEventListener(name, value);
    else if (value !== false) node.setAttribute(name, value);
  }
  node.append(...children);
  return node;
}

function svg(tag, attributes, ...children) {
  const node = document.createElementNS("http://www.w3.org/2000/svg", tag);
  for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
  node.append(...children);
  return node;
}

/** Light that fades with the distance. Only the stage has it, so its id is unique. */
function beam([cx, cy]) {
  return svg("radialGradient", { id: "beam", gradientUnits: "userSpaceOnUse", cx, cy, r: 125 },
    svg("stop", { class: "beam", offset: 0 }), svg("stop", { class: "beam end", offset: 1 }));
}

function drawing({ art, finish, bulb }, lit = false) {
  const path = ([part, d]) => svg("path", part === "glow" ? { class: part, d, fill: "url(#beam)" } : { class: part, d });
  return svg("svg", { viewBox: "0 0 200 200", "aria-hidden": "true", class: `lamp ${finish}` },
    ...(lit ? [beam(bulb)] : []), ...art.map(path));
}

const banner = el("p", { class: "banner", hidden: "" }, "Standard delivery is free this week.");
const basketLink = el("a", { href: "#basket", class: "basket-link" });
const basketPanel = el("section", { id: "basket", class: "band", "aria-labelledby": "basket-title" });
const status = el("p", { class: "visually-hidden", role: "status" });

function setQuantity(lamp, quantity) {
  checkout.placed = false;
  if (quantity > 0) basket.set(lamp.id, quantity);
  else basket.delete(lamp.id);
  if (basket.size === 0) checkout.step = -1;
  status.textContent = `${lamp.name}: ${quantity} in the basket`;
  renderBasket();
}

const addToBasket = (lamp) => setQuantity(lamp, (basket.get(lamp.id) ?? 0) + 1);

const stageArt = el("div", { class: "stage-art" });
const stageTitle = el("h2", { id: "stage-title" });
const stageFacts = el("p", { class: "stage-facts" });
const stageAdd = el("button", { type: "button", class: "primary", click: () => addToBasket(scene.lamp) });
const brightness = el("output", { for: "brightness" });
const list = el("ul", { class: "list" });

function renderLight() {
  stage.style.setProperty("--lamp", temperatures[scene.temperature].colour);
  stage.style.setProperty("--dim", String(scene.brightness / 100));
  brightness.textContent = `${scene.brightness} %`;
}

function showOnStage(lamp) {
  scene.lamp = lamp;
  stageArt.replaceChildren(drawing(lamp, true));
  stageTitle.textContent = lamp.name;
  stageFacts.textContent = `${lamp.kind}, ${lamp.light}`;
  stageAdd.textContent = `Add to basket, ${money(lamp.price)}`;
  for (const button of list.querySelectorAll(".row-show")) {
    const shown = button.value === lamp.id;
    button.setAttribute("aria-pressed", String(shown));
    button.parentElement.classList.toggle("shown", shown);
  }
}

const temperatureOption = ([key, { label, name }]) => el("label", { class: "kelvin" },
  el("input", { type: "radio", name: "temperature", value: key, checked: scene.temperature === key && "",
    change: () => { scene.temperature = key; renderLight(); } }),
  el("span", {}, name, el("small", {}, label)));

const stage = el("section", { class: "stage", "aria-labelledby": "stage-title" },
  stageArt,
  el("div", { class: "stage-text" }, el("div", {}, stageTitle, stageFacts), stageAdd),
  el("div", { class: "light" },
    el("fieldset", { class: "kelvins" }, el("legend", {}, "Colour of the light"), ...Object.entries(temperatures).map(temperatureOption)),
    el("div", { class: "dimmer" },
      el("label", { for: "brightness" }, "Brightness"), brightness,
      el("input", { id: "brightness", type: "range", min: "0", max: "100", step: "5", value: String(scene.brightness),
        input: (event) => { scene.brightness = event.target.valueAsNumber; renderLight(); } }))));

function row(lamp) {
  return el("li", { class: "row-lamp" },
    el("button", { type: "button", class: "row-show", value: lamp.id, click: () => showOnStage(lamp) },
      drawing(lamp),
      el("span", { class: "row-text" }, el("strong", {}, lamp.name), el("span", {}, lamp.kind)),
      el("span", { class: "price" }, money(lamp.price))),
    el("button", { type: "button", class: "step", "aria-label": `Add to basket: ${lamp.name}`, click: () => addToBasket(lamp) }, "+"));
}

function line([id, quantity]) {
  const lamp = lamps.find((candidate) => candidate.id === id);
  const change = (by, sign, label) => el("button", {
    type: "button", class: "step", "data-focus": `${id}${by}`, "aria-label": `${label} ${lamp.name}`,
    click: () => setQuantity(lamp, quantity + by),
  }, sign);
  return el("li", { class: "basket-line" },
    el("span", { class: "basket-name" }, lamp.name),
    el("span", { class: "quantity" }, change(-1, "−", "One fewer:"), el("span", {}, String(quantity)), change(1, "+", "One more:")),
    el("span", { class: "price" }, money(lamp.price * quantity)));
}

const deliveryPrice = (key) => (key === "standard" && flags.freeShipping ? 0 : deliveries[key].price);
const subtotal = () => lamps.reduce((sum, lamp) => sum + lamp.price * (basket.get(lamp.id) ?? 0), 0);
const total = () => subtotal() + deliveryPrice(checkout.delivery);

function totals() {
  const row = (label, value, name) => el("div", { class: name }, el("dt", {}, label), el("dd", {}, value));
  return el("dl", { class: "totals" },
    row("Subtotal", money(subtotal()), "row"),
    row("Delivery", money(deliveryPrice(checkout.delivery)), "row"),
    row("Total", money(total()), "row sum"));
}

function choice(name, legend, options) {
  const option = ([key, { label }]) => el("label", { class: "option" },
    el("input", { type: "radio", name, value: key, "data-focus": `${name}-${key}`, checked: checkout[name] === key && "",
      change: () => { checkout[name] = key; renderBasket(); } }),
    el("span", {}, label),
    name === "delivery" ? el("span", { class: "price" }, money(deliveryPrice(key))) : "");
  return el("fieldset", {}, el("legend", {}, legend), ...Object.entries(options).map(option));
}

const parts = {
  delivery: () => choice("delivery", "Delivery", deliveries),
  payment: () => choice("payment", "Payment", payments),
  review: () => el("p", { class: "review" }, `${deliveries[checkout.delivery].label}. Paid by ${payments[checkout.payment].label.toLowerCase()}.`),
};

/** Three steps; with the flag `new-checkout` everything is on one. */
function checkoutArea() {
  const steps = flags.newCheckout ? [["delivery", "payment"]] : [["delivery"], ["payment"], ["review"]];
  const last = checkout.step >= steps.length - 1;
  const begin = flags.newCheckout ? "Buy in one step" : "Go to checkout";
  const label = checkout.step < 0 ? begin : last ? `Place order, ${money(total())}` : "Continue";
  const next = () => {
    if (last && checkout.step >= 0) {
      Object.assign(checkout, { step: -1, placed: true });
      basket.clear();
      status.textContent = "Order placed";
    } else {
      checkout.step += 1;
      status.textContent = `Checkout, step ${checkout.step + 1} of ${steps.length}`;
    }
    renderBasket();
  };
  const button = el("button", { type: "button", class: "primary", "data-focus": "next", click: next }, label);
  if (checkout.step < 0) return [button];
  // A refresh may have switched the flow meanwhile.
  const shown = steps[Math.min(checkout.step, steps.length - 1)];
  const progress = steps.length > 1 ? [el("p", { class: "progress" }, `Step ${checkout.step + 1} of ${steps.length}`)] : [];
  return [...progress, ...shown.map((part) => parts[part]()), button];
}

function renderBasket() {
  const focus = basketPanel.contains(document.activeElement) && document.activeElement.dataset.focus;
  const count = [...basket.values()].reduce((sum, quantity) => sum + quantity, 0);
  basketLink.textContent = `Basket (${count})`;
  basketPanel.dataset.checkout = flags.newCheckout ? "single" : "steps";
  const title = el("h2", { id: "basket-title", tabindex: "-1" }, checkout.placed ? "Thank you" : "Basket");
  const note = checkout.placed ? "Your order is placed. This is a demonstration shop: nothing is charged or sent." : "Nothing in it yet.";
  const content = count > 0
    ? [el("ul", { class: "basket-lines" }, ...[...basket].map(line)), el("div", { class: "pay" }, totals(), ...checkoutArea())]
    : [el("p", { class: "note" }, note)];
  basketPanel.replaceChildren(title, ...content);
  if (focus) (basketPanel.querySelector(`[data-focus="${focus}"]`) ?? title).focus();
}

function applyFlags() {
  flags.newCheckout = canary?.getBooleanValue?.("new-checkout", false) ?? false;
  flags.freeShipping = canary?.getBooleanValue?.("free-shipping-banner", false) ?? false;
  banner.hidden = !flags.freeShipping;
  renderBasket();
}

function render() {
  applyFlags();
  list.append(...lamps.map(row));
  showOnStage(scene.lamp);
  renderLight();
  app.replaceChildren(
    el("a", { class: "skip", href: "#lamps" }, "Skip to the lamps"),
    banner,
    el("header", { class: "masthead" },
      el("a", { class: "wordmark", href: "/" }, "Stillwatt"),
      el("nav", { "aria-label": "Main" }, el("a", { href: "#lamps" }, "Lamps"), el("a", { href: "#service" }, "Service"), basketLink)),
    el("main", { class: "page" },
      el("div", { class: "lead" },
        el("h1", {}, "See it lit first"),
        el("p", {}, el("strong", { class: "new" }, "New"), " Pick a lamp, set the colour of its light and dim it.")),
      el("div", { class: "room" },
        stage,
        el("section", { id: "lamps", "aria-labelledby": "lamps-title" },
          el("h2", { id: "lamps-title" }, "Eight lamps"),
          list)),
      basketPanel),
    el("footer", { id: "service", class: "foot" },
      el("p", {}, "Returns within 60 days. Spare parts for ten years."),
      el("p", {}, `Version ${version}`)),
    status);
  app.removeAttribute("aria-busy");
  app.dataset.bundle = "canary";
}

render();
canary?.on?.("configurationChanged", applyFlags);
canary?.started?.();
