import { OpenFeature } from "@openfeature/web-sdk";
import type { Provider } from "@openfeature/web-sdk";
import { CanaryProvider } from "canary-runtime/openfeature";

const provider: Provider = new CanaryProvider();
await OpenFeature.setProviderAndWait(new CanaryProvider(), { targetingKey: "user-7", plan: "pro" });
const name: "canary-runtime" = new CanaryProvider().metadata.name;
// @ts-expect-error it has no settings
new CanaryProvider({});
export { name, provider };
