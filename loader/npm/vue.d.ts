/** Types of the composables for Vue. */
import type { ShallowRef } from "vue";
import type { Decision, FlagKey, FlagKeyFor, FlagValue } from "./canary.js";

/**
 * The value of a flag for this page's user, as a ref that follows it. It is the default on a server, while server-rendered
 * HTML is hydrated, and until the decision.
 */
export declare function useFlag(flagKey: FlagKey<boolean>, defaultValue: boolean): Readonly<ShallowRef<boolean>>;
export declare function useFlag(flagKey: FlagKey<string>, defaultValue: string): Readonly<ShallowRef<string>>;
export declare function useFlag(flagKey: FlagKey<number>, defaultValue: number): Readonly<ShallowRef<number>>;
export declare function useFlag<T extends FlagValue>(flagKey: FlagKeyFor<T>, defaultValue: T): Readonly<ShallowRef<T>>;

/** The decision for this page view; undefined until it is made, on a server, and while HTML is hydrated. */
export declare function useCanary(): Readonly<ShallowRef<Decision | undefined>>;
