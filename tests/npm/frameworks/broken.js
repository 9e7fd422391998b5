import { createElement as h, useEffect, useState } from "react";
import { createRoot } from "react-dom/client";
import { CanaryBoundary } from "canary-runtime/react";

function Bomb() {
  const [isOver, setOver] = useState(false);
  useEffect(() => void (globalThis.explode = () => setOver(true)), []);
  if (isOver) throw new Error("the tree is broken");
  return h("p", null, "all is well");
}

const fallback = h("p", { id: "fallback" }, "one moment");
createRoot(document.querySelector("main")).render(h(CanaryBoundary, { fallback }, h(Bomb)));
