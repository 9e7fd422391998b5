/** The slim client, which gets its WebAssembly as a file of its own: the page preloads it, and it compresses better. */
import { FliptClient } from "@flipt-io/flipt-client-js/slim";
import { boot } from "./boot.js";

boot(async (id) => {
  const fetcher = () => fetch("/config/flags.json");
  const client = await FliptClient.init({ fetcher }, { wasm: "/contender/engine.wasm" });
  const evaluate = (flagKey, entityId, context = {}) => client.evaluateBoolean({ flagKey, entityId, context }).enabled;
  return { evaluate, get: (flagKey) => evaluate(flagKey, id) };
});
