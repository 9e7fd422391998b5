/** What JSON can hold. */
export type JsonValue = string | number | boolean | null | JsonObject | JsonArray;
export type JsonObject = { [member: string]: JsonValue };
export type JsonArray = JsonValue[];

/** What a flag can be. Objects and arrays are frozen, with all that is in them. */
export type FlagValue = JsonValue;

/** The arm that was decided for this page view, and why. Words are OpenFeature's wherever it has one. */
export interface Decision {
  /** The bundle that was decided on; `data-canary-variant` on `<html>` says what is loaded. */
  readonly variant: "canary" | "stable";
  /** The group that was assigned. */
  readonly cohort: "canary" | "control" | "rest";
  /** The user's place from 0 to 99,999, or null where nobody was bucketed. */
  readonly bucket: number | null;
  readonly reason: Reason;
  /** Only with the reason `ERROR`. */
  readonly errorCode?: ErrorCode;
  /** The config's `REVISION`. */
  readonly revision: number | null;
  /** Whether this page view may be counted. */
  readonly eligible: boolean;
}

export type Reason =
  | "STATIC"
  | "SPLIT"
  | "TARGETING_MATCH"
  | "DEFAULT"
  | "DISABLED"
  | "CACHED"
  | "STALE"
  | "ERROR";

export type ErrorCode =
  | "FLAG_NOT_FOUND"
  | "PARSE_ERROR"
  | "TYPE_MISMATCH"
  | "TARGETING_KEY_MISSING"
  | "INVALID_CONTEXT"
  | "PROVIDER_NOT_READY"
  | "GENERAL";

/** A flag's value with the reason for it. */
export interface EvaluationDetails<T extends FlagValue> {
  flagKey: string;
  value: T;
  /** The name of the variant; null for flags without any. */
  variant: string | null;
  reason: Reason;
  /** Only with the reason `ERROR`: the value is the caller's default. */
  errorCode?: ErrorCode;
  /** `override: true` where `setOverride` or the query gave the value. */
  flagMetadata: { override?: boolean };
}

/** Somebody for whom a flag is evaluated. */
export interface EvaluationContext {
  /** What is bucketed; without it, flags that need a split have the caller's default. */
  targetingKey?: string;
  /** What rules look at: anything that JSON can hold, dates as their ISO text. */
  attributes?: Attributes;
}

export type Attributes = { readonly [name: string]: unknown };

/** Somebody was bucketed, and the page got what came of it. Once for each flag and value in a page view. */
export interface Exposure {
  /** The flag; null for the page's bundle. */
  flagKey: string | null;
  /** The flag's value; for the bundle its cohort. */
  value: FlagValue;
  /** The flag's variant, null without any; for the bundle its arm. */
  variant: string | null;
  reason: Reason;
  /** From 0 to 99,999. */
  bucket: number;
}

/** What went wrong; the console has the same line. */
export interface Fault {
  /** As in the table of codes, `E101` for example. */
  code: string;
  message: string;
}

export interface CanaryEvents {
  /** The decision stands; before the bundle. */
  ready: Decision;
  /** No usable config or no module: the page has stable, and flags have their defaults. */
  error: Fault;
  /** A refresh failed: flags follow the config before it. Not told again until one succeeded. */
  stale: Fault;
  /**
   * Flags that this page asked for have another value, after a refresh, `identify`, `setOverride` or `clearOverrides`.
   * The list is empty where a refresh succeeds after `stale` or `error` and changes none of them.
   */
  configurationChanged: { flagsChanged: string[] };
  /** See {@link Exposure}. */
  exposure: Exposure;
  /** The canary did not load, stable was put in its place. */
  fallback: Decision;
  /** A refreshed config no longer gives this page its arm; the next page view gets the other one. */
  superseded: Decision;
}

export type CanaryEventType = keyof CanaryEvents;

/** Nothing here throws, whatever it is given. */
export interface Canary {
  /** The decision. Never rejects. */
  readonly ready: Promise<Decision>;

  /** The flag's value, or `defaultValue` where it has none or one of another type. */
  getBooleanValue(flagKey: string, defaultValue: boolean): boolean;
  getBooleanDetails(flagKey: string, defaultValue: boolean): EvaluationDetails<boolean>;
  getStringValue(flagKey: string, defaultValue: string): string;
  getStringValue<T extends string>(flagKey: string, defaultValue: T): T;
  getStringDetails(flagKey: string, defaultValue: string): EvaluationDetails<string>;
  getStringDetails<T extends string>(flagKey: string, defaultValue: T): EvaluationDetails<T>;
  getNumberValue(flagKey: string, defaultValue: number): number;
  getNumberValue<T extends number>(flagKey: string, defaultValue: T): T;
  getNumberDetails(flagKey: string, defaultValue: number): EvaluationDetails<number>;
  getNumberDetails<T extends number>(flagKey: string, defaultValue: T): EvaluationDetails<T>;
  /** Objects and arrays. */
  getObjectValue<T extends JsonValue = JsonValue>(flagKey: string, defaultValue: T): T;
  getObjectDetails<T extends JsonValue = JsonValue>(flagKey: string, defaultValue: T): EvaluationDetails<T>;

  /**
   * The flag's value for any context, which need not be this page's user: no exposure, no attributes but those given.
   * Without a context it is the value for the present one. The type is that of `defaultValue`; null takes any.
   */
  evaluate(flagKey: string, defaultValue: boolean, context?: EvaluationContext): boolean;
  evaluate(flagKey: string, defaultValue: string, context?: EvaluationContext): string;
  evaluate(flagKey: string, defaultValue: number, context?: EvaluationContext): number;
  evaluate<T extends FlagValue>(flagKey: string, defaultValue: T, context?: EvaluationContext): T;
  evaluate(flagKey: string, defaultValue: null | undefined, context?: EvaluationContext): FlagValue | undefined;

  /**
   * From now on flags are those of this user; the page's bundle stays. Without a user id, those of whom the page began
   * with. Attributes stand before those of `data-attributes` and the runtime's own, and replace those given last time.
   */
  identify(userId?: string | null, attributes?: Attributes): void;

  /** Gives a flag of the config this value, for this page view. */
  setOverride(flagKey: string, value: FlagValue): void;
  /** Ends all overrides, those of the query too. */
  clearOverrides(): void;

  /** What the user answered, kept for the page views to come: true makes an id, false deletes it. */
  setConsent(granted: boolean): void;

  /** The bundle says that it is up. Has no effect yet: a bundle counts as up when it is loaded. */
  started(): void;

  /**
   * Calls `listener` at each event; the answer ends that. Who comes late is told of `ready`, `error`, `fallback` and
   * each `exposure` that were before, in a microtask.
   */
  on<T extends CanaryEventType>(type: T, listener: (detail: CanaryEvents[T]) => void): () => void;

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
