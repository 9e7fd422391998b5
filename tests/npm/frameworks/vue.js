import { h } from "vue";
import { useCanary, useFlag } from "canary-runtime/vue";
import { count } from "./count.js";

const component = (name, setup) => ({
  setup() {
    const render = setup();
    return () => {
      const node = render();
      count(name, node.type === "b");
      return node;
    };
  },
});

const Switch = component("switch", () => {
  const isOn = useFlag("on", false);
  return () => (isOn.value ? h("b", { id: "switch" }, "on") : h("i", { id: "switch" }, "off"));
});

const Theme = component("theme", () => {
  const theme = useFlag("theme", { accent: "none" });
  return () => h("p", { id: "theme" }, theme.value.accent);
});

const Plan = component("plan", () => {
  const plan = useFlag("plan", "free");
  return () => h("p", { id: "plan" }, plan.value);
});

const Decision = component("decision", () => {
  const decision = useCanary();
  return () => h("p", { id: "decision" }, decision.value?.variant ?? "none");
});

export const App = component("app", () => () => [h(Switch), h(Theme), h(Plan), h(Decision)]);
