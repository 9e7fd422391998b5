/** The arm that was decided for this page view, and why. Words are OpenFeature's wherever it has one. */
export interface Decision {
  /** The bundle that was decided on; `data-canary-variant` on `<html>` says what is loaded. */
  variant: "canary" | "stable";
  /** The group that was assigned. */
  cohort: "canary" | "control" | "rest";
  /** The user's place from 0 to 99,999, or null where nobody was bucketed. */
  bucket: number | null;
  reason: Reason;
  /** Only with the reason `ERROR`. */
  errorCode?: ErrorCode;
  /** The config's `REVISION`. */
  revision: number | null;
  /** Whether this page view may be counted. */
  eligible: boolean;
}

export type Reason = "STATIC" | "SPLIT" | "DISABLED" | "ERROR";

export type ErrorCode = "FLAG_NOT_FOUND" | "PARSE_ERROR" | "TARGETING_KEY_MISSING" | "PROVIDER_NOT_READY" | "GENERAL";

/** A flag's value with the reason for it. */
export interface EvaluationDetails<T> {
  flagKey: string;
  value: T;
  /** The name of the variant; null for flags without any. */
  variant: string | null;
  reason: Reason;
  errorCode?: ErrorCode;
  flagMetadata: Record<string, string | number | boolean>;
}

export interface CanaryEvents {
  /** A refreshed config gives flags that this page asked for another value. */
  configurationChanged: { flagsChanged: string[] };
  /** A refreshed config no longer gives this page its arm; the next page view gets the other one. */
  superseded: Decision;
  /** The canary did not load, stable was put in its place. */
  fallback: Decision;
}

export interface Canary {
  /** The decision. Never rejects. */
  readonly ready: Promise<Decision>;
  /** The flag's value, or `defaultValue` where it has none. */
  getBooleanValue(flagKey: string, defaultValue: boolean): boolean;
  getBooleanDetails(flagKey: string, defaultValue: boolean): EvaluationDetails<boolean>;
  /** Calls `listener` at each event; the answer ends that. */
  on<T extends keyof CanaryEvents>(type: T, listener: (detail: CanaryEvents[T]) => void): () => void;
  /** Ends refreshes and forgets all listeners. */
  stop(): void;
}

/** The one instance of this page; the same object as `globalThis[Symbol.for("canary-runtime")]`. */
export declare const canary: Canary;

declare global {
  interface DocumentEventMap {
    "canary:ready": CustomEvent<Decision>;
  }
}
