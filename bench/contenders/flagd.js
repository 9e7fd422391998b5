import { FlagdCore } from "@openfeature/flagd-core";
import { boot, fetchConfig } from "./boot.js";

boot(async (id) => {
  const core = new FlagdCore();
  core.setConfigurations(await fetchConfig());
  const evaluate = (flagKey, targetingKey, attributes) =>
    core.resolveBooleanEvaluation(flagKey, false, { ...attributes, targetingKey }).value;
  return { evaluate, get: (flagKey) => evaluate(flagKey, id) };
});
