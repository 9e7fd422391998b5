import { Fragment, createElement as h } from "react";
import { useCanary, useFlag } from "canary-runtime/react";
import { count } from "./count.js";

function Switch() {
  const isOn = useFlag("on", false);
  count("switch", isOn);
  return isOn ? h("b", { id: "switch" }, "on") : h("i", { id: "switch" }, "off");
}

function Theme() {
  count("theme");
  return h("p", { id: "theme" }, useFlag("theme", { accent: "none" }).accent);
}

function Plan() {
  count("plan");
  return h("p", { id: "plan" }, useFlag("plan", "free"));
}

function Decision() {
  return h("p", { id: "decision" }, useCanary()?.variant ?? "none");
}

export function App() {
  count("app");
  return h(Fragment, null, h(Switch), h(Theme), h(Plan), h(Decision));
}
