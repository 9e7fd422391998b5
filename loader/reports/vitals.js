/** The script that measures and reports web vitals, loaded when the bundle is up. */
import { onCLS, onINP, onLCP } from "web-vitals";

/**
 * Reports LCP, INP and CLS once at the horizon, or when the page is hidden, and once more when it is hidden later.
 *
 * @param {Reports["send"]} send
 * @param {Listen} listen
 * @param {() => number} horizonAt the end of the horizon, by `performance.now()`
 */
export function watchVitals(send, listen, horizonAt) {
  /** @type {Record<string, number>} */
  const values = {};
  const options = { reportAllChanges: true };
  const add =
    (/** @type {string} */ name, scale = 1) =>
    (/** @type {import("web-vitals").Metric} */ { value, navigationType }) => {
      // A page that comes back from the bfcache is the same page view.
      if (navigationType !== "back-forward-cache") values[name] = Math.round(value * scale) / scale;
    };
  onLCP(add("lcpMs"), options);
  onINP(add("inpMs"), options);
  onCLS(add("cls", 10_000), options);

  let isReported = false;
  const report = () => {
    const left = horizonAt() - performance.now();
    // The timer of a page that was asleep is late.
    const final = isReported || left < -1000;
    if (!Object.keys(values).length) return;
    if (final) stop();
    isReported = true;
    send("vitals", final ? { ...values, final } : values);
  };
  setTimeout(() => isReported || report(), horizonAt() - performance.now());
  // Called after the listeners of web-vitals, which bring the values up to date.
  const stop = listen("visibilitychange", () => document.hidden && report());
}
