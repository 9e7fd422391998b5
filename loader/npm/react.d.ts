/** Types of the hooks for React. */
import type { Component, ReactNode } from "react";
import type { Decision, FlagKey, FlagKeyFor, FlagValue } from "./canary.js";

/**
 * The value of a flag for this page's user. The component renders again when it changes. It is the default on a server, while
 * server-rendered HTML is hydrated, and until the decision.
 */
export declare function useFlag(flagKey: FlagKey<boolean>, defaultValue: boolean): boolean;
export declare function useFlag(flagKey: FlagKey<string>, defaultValue: string): string;
export declare function useFlag(flagKey: FlagKey<number>, defaultValue: number): number;
export declare function useFlag<T extends FlagValue>(flagKey: FlagKeyFor<T>, defaultValue: T): T;

/** The decision for this page view; undefined until it is made, on a server, and while HTML is hydrated. */
export declare function useCanary(): Decision | undefined;

export interface CanaryBoundaryProps {
  children?: ReactNode;
  /** Rendered in the place of a broken tree, until the page loads stable; nothing by default. */
  fallback?: ReactNode;
}

/**
 * An error boundary. It reports an error of its tree as a failure of the bundle: a canary is replaced by stable. Put it around
 * the whole app, because a boundary around a widget gives up the canary for the widget.
 */
export declare class CanaryBoundary extends Component<CanaryBoundaryProps, { isBroken?: boolean }> {
  render(): ReactNode;
}
