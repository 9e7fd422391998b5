import { StrictMode, useState, lazy, Suspense } from "react";
import { createRoot } from "react-dom/client";
import "./main.css";
const Lazy = lazy(() => import("./Lazy.jsx"));
function App() { const [n, set] = useState(0); return <main><h1>App {__VERSION__}</h1><button onClick={() => set(n + 1)}>{n}</button><Suspense><Lazy /></Suspense></main>; }
createRoot(document.getElementById("root")).render(<StrictMode><App /></StrictMode>);
