import { useCanary, useFlag } from "canary-runtime/react";
import { useState } from "react";

export function App() {
  const [clicks, setClicks] = useState(0);
  const isNew = useFlag("new-checkout", false);
  return (
    <>
      <button onClick={() => setClicks(clicks + 1)}>{clicks}</button>
      <p id="text">first text</p>
      <p id="flag">{`${isNew}`}</p>
      <p id="arm">{useCanary()?.variant}</p>
    </>
  );
}
