/** Types of the stores for Svelte. */
import type { Decision, FlagKey, FlagKeyFor, FlagValue } from "./canary.js";

/** A readable store by Svelte's contract. */
export interface FlagStore<T> {
  subscribe(run: (value: T) => void): () => void;
}

/**
 * A store with the value of a flag for this page's user. A subscriber gets the default first, as on a server and in
 * server-rendered HTML, and the value in a microtask, or with the decision.
 */
export declare function flag(flagKey: FlagKey<boolean>, defaultValue: boolean): FlagStore<boolean>;
export declare function flag(flagKey: FlagKey<string>, defaultValue: string): FlagStore<string>;
export declare function flag(flagKey: FlagKey<number>, defaultValue: number): FlagStore<number>;
export declare function flag<T extends FlagValue>(flagKey: FlagKeyFor<T>, defaultValue: T): FlagStore<T>;

/** A store with the decision for this page view; undefined until it is made, and on a server. */
export declare const decision: FlagStore<Decision | undefined>;
