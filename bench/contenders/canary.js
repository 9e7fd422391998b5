/** What a page's own code asks the runtime. The page includes it as an inline module after the runtime's tag. */
import { canary } from "/runtime/canary.js";

const { variant } = await canary.ready;
performance.mark("decision");
const flag = canary.getBooleanValue("new-checkout", false);
performance.mark("flag");
globalThis.bench = {
  variant,
  flag,
  client: {
    evaluate: (flagKey, targetingKey, attributes) => canary.evaluate(flagKey, false, { targetingKey, attributes }),
    identify: (id) => canary.identify(id),
    get: (flagKey) => canary.getBooleanValue(flagKey, false),
  },
};
