import { canary } from "canary-runtime";
import { createRoot } from "react-dom/client";
import { App } from "./App.jsx";

// The flag can be read as soon as the entry runs.
globalThis.early = canary.getBooleanValue("new-checkout", false);
createRoot(document.querySelector("main")).render(<App />);
