import type {
  AnyProviderEvent,
  EvaluationContext,
  JsonValue,
  Provider,
  ProviderEventEmitter,
  ResolutionDetails,
} from "@openfeature/web-sdk";

/**
 * The page's runtime as a provider for OpenFeature's web SDK. The context's `targetingKey` and its other members are
 * who is identified; the page's bundle does not follow it.
 */
export declare class CanaryProvider implements Provider {
  readonly metadata: { readonly name: "canary-runtime" };
  readonly runsOn: "client";
  readonly events: ProviderEventEmitter<AnyProviderEvent>;
  /** Resolves with the decision; rejects where there is no usable config. */
  initialize(context?: EvaluationContext): Promise<void>;
  onContextChange(oldContext: EvaluationContext, newContext: EvaluationContext): void;
  onClose(): Promise<void>;
  resolveBooleanEvaluation(flagKey: string, defaultValue: boolean): ResolutionDetails<boolean>;
  resolveStringEvaluation(flagKey: string, defaultValue: string): ResolutionDetails<string>;
  resolveNumberEvaluation(flagKey: string, defaultValue: number): ResolutionDetails<number>;
  resolveObjectEvaluation<T extends JsonValue>(flagKey: string, defaultValue: T): ResolutionDetails<T>;
}
