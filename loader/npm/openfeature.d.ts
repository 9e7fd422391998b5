/** Types of the OpenFeature provider. */
import type {
  AnyProviderEvent,
  EvaluationContext,
  JsonValue,
  Provider,
  ProviderEventEmitter,
  ResolutionDetails,
} from "@openfeature/web-sdk";

/**
 * Provider for OpenFeature's web SDK over the page's runtime. It identifies the SDK's context: `targetingKey` as the user
 * id, all other members as attributes. Flags follow it; the page's bundle stays.
 */
export declare class CanaryProvider implements Provider {
  readonly metadata: { readonly name: "canary-runtime" };
  readonly runsOn: "client";
  readonly events: ProviderEventEmitter<AnyProviderEvent>;
  /** Resolves after the decision; rejects without a usable config. */
  initialize(context?: EvaluationContext): Promise<void>;
  onContextChange(oldContext: EvaluationContext, newContext: EvaluationContext): void;
  onClose(): Promise<void>;
  resolveBooleanEvaluation(flagKey: string, defaultValue: boolean): ResolutionDetails<boolean>;
  resolveStringEvaluation(flagKey: string, defaultValue: string): ResolutionDetails<string>;
  resolveNumberEvaluation(flagKey: string, defaultValue: number): ResolutionDetails<number>;
  resolveObjectEvaluation<T extends JsonValue>(flagKey: string, defaultValue: T): ResolutionDetails<T>;
}
