import { GrowthBook } from "@growthbook/growthbook";
import { boot, fetchConfig } from "./boot.js";

boot(async (id) => {
  const user = new GrowthBook({ attributes: { id } }).initSync({ payload: JSON.parse(await fetchConfig()) });
  return {
    evaluate: (flagKey, id, attributes) => {
      user.setAttributes({ ...attributes, id });
      return user.isOn(flagKey);
    },
    identify: (id) => {
      user.setAttributes({ id });
    },
    get: (flagKey) => user.isOn(flagKey),
  };
});
