/** Hooks for React, and an error boundary that reports a broken tree. */
"use client";
import { Component, useMemo, useSyncExternalStore } from "react";
import { canary } from "./client.js";

/** Follows what changes flags. @param {() => void} notify */
const followFlags = (notify) => {
  const cleanups = /** @type {const} */ (["ready", "configurationChanged"]).map((type) => canary.on(type, notify));
  return () => cleanups.forEach((cleanup) => cleanup());
};

/** @param {string} flagKey @param {any} defaultValue */
export function useFlag(flagKey, defaultValue) {
  // A default that is written in the component is a new object at each render.
  const value = useMemo(() => defaultValue, [JSON.stringify(defaultValue)]);
  return useSyncExternalStore(
    followFlags,
    () => canary.evaluate(flagKey, value),
    () => value,
  );
}

/** @type {import("./canary.js").Decision | undefined} */
let decision;

/** Follows the decision. @param {() => void} notify */
const followDecision = (notify) =>
  canary.on("ready", (made) => {
    decision = made;
    notify();
  });

export const useCanary = () =>
  useSyncExternalStore(
    followDecision,
    () => decision,
    () => undefined,
  );

export class CanaryBoundary extends Component {
  /** @param {import("./react.js").CanaryBoundaryProps} props */
  constructor(props) {
    super(props);
    this.state = {};
  }

  static getDerivedStateFromError() {
    return { isBroken: true };
  }

  /** Reports the error to the runtime and as an error of the page, which it would be without a boundary. @param {unknown} error */
  componentDidCatch(error) {
    document.dispatchEvent(new CustomEvent("canary:failed", { detail: error }));
    setTimeout(() => {
      throw error;
    });
  }

  render() {
    const { children, fallback } = this.props;
    return (this.state.isBroken ? fallback : children) ?? null;
  }
}
