/** Types of the page's runtime and of its npm package. */

/** Any value that JSON can hold. */
export type JsonValue = string | number | boolean | null | JsonObject | JsonArray;
export type JsonObject = { [member: string]: JsonValue };
export type JsonArray = JsonValue[];

/** The value of a flag. Objects and arrays of the config are frozen, with all that is in them. */
export type FlagValue = JsonValue;

/**
 * The flags of the config, with the types of their values. The declarations that `canaryctl types` prints add them: then a
 * flag that the config lacks is an error of the type checker.
 */
export interface Flags {}

/** The keys of the flags whose values can have a type; any text where no flags are declared. */
export type FlagKey<T = FlagValue> = [keyof Flags] extends [never]
  ? string
  : { [K in keyof Flags]: [Extract<Flags[K], T>] extends [never] ? never : K }[keyof Flags] & string;

/** The keys of the flags that a default value fits. */
export type FlagKeyFor<T extends FlagValue> = FlagKey<
  T extends boolean ? boolean : T extends string ? string : T extends number ? number : JsonObject | JsonArray
>;

/** The decision for this page view, and the reason for it. Terms are OpenFeature's wherever it has one. */
export interface Decision {
  /** The bundle that was decided on. After a fallback, `data-canary-variant` on `<html>` has the one that is loaded. */
  readonly variant: "canary" | "stable";
  /** The group that was assigned. */
  readonly cohort: "canary" | "control" | "rest";
  /** The user's bucket from 0 to 99,999, or null where the user was not bucketed. */
  readonly bucket: number | null;
  readonly reason: Reason;
  /** Only with the reason `ERROR`. */
  readonly errorCode?: ErrorCode;
  /** The config's `REVISION`, or null without one. */
  readonly revision: number | null;
  /** Whether this page view may be counted. */
  readonly eligible: boolean;
}

export type Reason = "STATIC" | "SPLIT" | "TARGETING_MATCH" | "DEFAULT" | "DISABLED" | "CACHED" | "STALE" | "ERROR";

export type ErrorCode =
  | "FLAG_NOT_FOUND"
  | "PARSE_ERROR"
  | "TYPE_MISMATCH"
  | "TARGETING_KEY_MISSING"
  | "INVALID_CONTEXT"
  | "PROVIDER_NOT_READY"
  | "GENERAL";

/** The value of a flag, and the reason for it. */
export interface EvaluationDetails<T extends FlagValue> {
  flagKey: string;
  value: T;
  /** The name of the variant; null for flags without variants. */
  variant: string | null;
  reason: Reason;
  /** Only with the reason `ERROR`: the value is the caller's default. */
  errorCode?: ErrorCode | undefined;
  /** `override: true` where `setOverride` or the query gave the value. */
  flagMetadata: { override?: boolean };
}

/** The user for whom a flag is evaluated. */
export interface EvaluationContext {
  /** The id that is bucketed. Without it, flags with a percentage or weights have the caller's default. */
  targetingKey?: string;
  /** The values that rules compare: anything that JSON can hold, dates as their ISO text. */
  attributes?: Attributes;
}

export type Attributes = { readonly [name: string]: unknown };

/** A bucketed user got a bundle or the value of a flag. Emitted once for each flag and value in a page view. */
export interface Exposure {
  /** The key of the flag; null for the page's bundle. */
  flagKey: string | null;
  /** The value of the flag; for the bundle the decision's cohort. */
  value: FlagValue;
  /** The variant of the flag, null without variants; for the bundle the decision's variant. */
  variant: string | null;
  reason: Reason;
  /** From 0 to 99,999. */
  bucket: number;
}

/** A fault of the runtime; the console has a line with the same code and message. */
export interface Fault {
  /** A code of docs/faults.md, such as `E101`. */
  code: string;
  message: string;
}

export interface CanaryEvents {
  /** The decision is made; the bundle is inserted next. */
  ready: Decision;
  /**
   * The config or a part of the runtime cannot be used. The page has stable and flags have their defaults, or both follow
   * the last known good config. Where the engine fails later, flags have their defaults and the bundle stays.
   */
  error: Fault;
  /**
   * A refresh failed, and flags follow the config before it; emitted again only after a refresh has succeeded. Or a part
   * of the app is gone (E409) while the user is at work in the page, so that the page is not reloaded.
   */
  stale: Fault;
  /**
   * Flags that this page has read have another value, after a refresh, `identify`, `setOverride` or `clearOverrides`.
   * The list can be empty after `error` or `stale`, where flags follow a new config again and none of them has changed.
   */
  configurationChanged: { flagsChanged: string[] };
  /** A bucketed user got a bundle or the value of a flag. */
  exposure: Exposure;
  /**
   * The canary failed, and this document has stable in its place. Or the user was at work in the canary when it failed,
   * and the page is left as it is. A reload to stable emits nothing.
   */
  fallback: Decision;
  /** A refreshed config no longer gives this page its arm; the next page view gets the other one. */
  superseded: Decision;
}

export type CanaryEventType = keyof CanaryEvents;

/** The runtime of a page. No method throws, whatever it is given. */
export interface Canary {
  /** Resolves with the decision. Never rejects; waits for `canary.js` where the npm package is imported without it. */
  readonly ready: Promise<Decision>;

  /** The value of the flag, or `defaultValue` where the flag has none or one of another type. */
  getBooleanValue(flagKey: FlagKey<boolean>, defaultValue: boolean): boolean;
  getBooleanDetails(flagKey: FlagKey<boolean>, defaultValue: boolean): EvaluationDetails<boolean>;
  getStringValue(flagKey: FlagKey<string>, defaultValue: string): string;
  getStringValue<T extends string>(flagKey: FlagKey<string>, defaultValue: T): T;
  getStringDetails(flagKey: FlagKey<string>, defaultValue: string): EvaluationDetails<string>;
  getStringDetails<T extends string>(flagKey: FlagKey<string>, defaultValue: T): EvaluationDetails<T>;
  getNumberValue(flagKey: FlagKey<number>, defaultValue: number): number;
  getNumberValue<T extends number>(flagKey: FlagKey<number>, defaultValue: T): T;
  getNumberDetails(flagKey: FlagKey<number>, defaultValue: number): EvaluationDetails<number>;
  getNumberDetails<T extends number>(flagKey: FlagKey<number>, defaultValue: T): EvaluationDetails<T>;
  /** For objects and arrays. */
  getObjectValue<T extends JsonValue = JsonValue>(flagKey: FlagKey<JsonObject | JsonArray>, defaultValue: T): T;
  getObjectDetails<T extends JsonValue = JsonValue>(
    flagKey: FlagKey<JsonObject | JsonArray>,
    defaultValue: T,
  ): EvaluationDetails<T>;

  /**
   * The value of the flag for any user: without an exposure, and with no attributes but those of `context`. Without a
   * context it is the value for this page's user, who is exposed to it. The value has the type of `defaultValue`, or any
   * type where that is null or undefined.
   */
  evaluate(flagKey: FlagKey<boolean>, defaultValue: boolean, context?: EvaluationContext): boolean;
  evaluate(flagKey: FlagKey<string>, defaultValue: string, context?: EvaluationContext): string;
  evaluate(flagKey: FlagKey<number>, defaultValue: number, context?: EvaluationContext): number;
  evaluate<T extends FlagValue>(flagKey: FlagKeyFor<T>, defaultValue: T, context?: EvaluationContext): T;
  evaluate(flagKey: FlagKey, defaultValue: null | undefined, context?: EvaluationContext): FlagValue | undefined;

  /**
   * Evaluates flags for this user from now on; the page's bundle stays. Without a user id it is the user that the page
   * began with. Attributes override those of `data-attributes` and the runtime's own, and replace those of the last call.
   */
  identify(userId?: string | null, attributes?: Attributes): void;

  /** Overrides the value of a flag that the config has, for this page view. */
  setOverride(flagKey: FlagKey, value: FlagValue): void;
  /** Ends all overrides, also those of the address. */
  clearOverrides(): void;

  /**
   * Stores the user's consent for this browser's page views. `true` stores a device id, unless the user has Global Privacy
   * Control on; `false` deletes the id and what earlier page views stored, and gives stable from the next page view on.
   */
  setConsent(granted: boolean): void;

  /**
   * Declares that the bundle is up. A config with `"GUARD": { "readyWhen": "started" }` waits for it: a canary that does
   * not call it within `readyTimeoutMs` has failed. Without that setting it has no effect.
   */
  started(): void;

  /**
   * Calls `listener` at each event, until the returned function is called. A late listener gets the `ready`, `error`,
   * `fallback` and `exposure` events that were emitted before, each in a microtask.
   */
  on<T extends CanaryEventType>(type: T, listener: (detail: CanaryEvents[T]) => void): () => void;

  /** Ends refreshes and the watch over the bundle, and removes all listeners. Flags stay as they are. */
  stop(): void;
}

/**
 * The runtime of this page. From `canary-runtime/runtime` it is the one instance, `globalThis[Symbol.for("canary-runtime")]`;
 * from `canary-runtime` it is a client of that instance, which can be imported before it, or on a server.
 */
export declare const canary: Canary;

declare global {
  interface DocumentEventMap {
    "canary:ready": CustomEvent<Decision>;
    /** Dispatched by the app: its bundle has failed, for the reason in `detail`. A canary is replaced by stable. */
    "canary:failed": CustomEvent<unknown>;
  }
}
