/** Types of the fake for tests and stories. */
import type { Attributes, Canary, CanaryEvents, CanaryEventType, Decision, Flags, FlagValue } from "./canary.js";

/** Values of flags; those that `canaryctl types` has declared, or any. */
export type FakeFlags = [keyof Flags] extends [never] ? { [flagKey: string]: FlagValue } : Partial<Flags>;

export interface FakeSettings {
  /** The flags that the config has; all others have the caller's default, with `FLAG_NOT_FOUND`. */
  flags?: FakeFlags;
  /** Members of the decision; stable for everyone by default. */
  decision?: Partial<Decision>;
}

/** The runtime's object with values that a test sets. It decides at once, and exposes nobody. */
export interface FakeCanary extends Canary {
  /** The user of the last `identify`; null before. */
  readonly user: { userId: string | null; attributes: Attributes } | null;
  /** Sets flags and keeps all others. Emits `configurationChanged` where a value is another one. */
  setFlags(flags: FakeFlags): void;
  /** Sets members of the decision, and emits `ready` again. */
  setDecision(decision: Partial<Decision>): void;
  /** Emits an event, such as `fallback` or `stale`. */
  emit<T extends CanaryEventType>(type: T, detail: CanaryEvents[T]): void;
  /** Returns to the values of the installation, without overrides and without a user. Listeners stay. */
  reset(): void;
  /** Removes the fake and its listeners. */
  uninstall(): void;
}

/**
 * Puts a fake in the place of the page's runtime: `canary` of `canary-runtime`, the hooks and the OpenFeature provider find it
 * there. Playwright can run it in a page: `page.addInitScript(installFakeCanary, { flags })`.
 */
export declare function installFakeCanary(settings?: FakeSettings): FakeCanary;

/**
 * A config in which flags have values and everybody gets stable, for a page with the real runtime:
 * `page.route(/config\/canary.json/, (route) => route.fulfill({ json: testConfig(flags) }))`.
 */
export declare function testConfig(flags?: FakeFlags): object;
