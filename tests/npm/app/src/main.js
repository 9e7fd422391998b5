import { canary } from "canary-runtime";
import { show } from "./show.js";
import "./main.css";

globalThis.runs = (globalThis.runs ?? 0) + 1;
canary.on("ready", ({ variant }) => show("arm", variant));
canary.ready.then(async () => {
  show("flag", canary.getBooleanValue("new-checkout", false));
  globalThis.isSame = canary.ready === globalThis[Symbol.for("canary-runtime")].ready;
  const { open } = await import("./lazy.js");
  open();
});
