import { GrowthBookClient } from "@growthbook/growthbook";
import { boot, fetchConfig } from "./boot.js";

boot(async (id) => {
  const client = new GrowthBookClient().initSync({ payload: JSON.parse(await fetchConfig()) });
  let user = client.createScopedInstance({ attributes: { id } });
  return {
    evaluate: (flagKey, id, attributes) => client.isOn(flagKey, { attributes: { ...attributes, id } }),
    identify: (id) => {
      user = client.createScopedInstance({ attributes: { id } });
    },
    get: (flagKey) => user.isOn(flagKey),
  };
});
