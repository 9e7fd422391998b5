import { OpenFeature, ProviderEvents } from "@openfeature/web-sdk";
import { CanaryProvider } from "canary-runtime/openfeature";

globalThis.told = [];
const client = OpenFeature.getClient();
for (const type of ["Ready", "Error", "Stale", "ConfigurationChanged", "ContextChanged"]) {
  client.addHandler(ProviderEvents[type], (details) => told.push([type, details?.flagsChanged]));
}
globalThis.openfeature = OpenFeature;
globalThis.client = client;
globalThis.early = client.getBooleanDetails("on", false);
OpenFeature.setProviderAndWait(new CanaryProvider()).then(
  () => (globalThis.status = client.providerStatus),
  (error) => (globalThis.status = `${client.providerStatus}: ${error.message}`),
);
