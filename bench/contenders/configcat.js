/** The client with a fetcher that uses the page's preload, as its built-in one appends a query to the URL. */
import { FetchResponse, getClient, PollingMode, User } from "@configcat/sdk";
import { boot, fetchConfig } from "./boot.js";

boot(async (id) => {
  const configFetcher = { fetchAsync: async () => new FetchResponse(200, "OK", [], await fetchConfig()) };
  const options = { configFetcher, defaultUser: new User(id), baseUrl: location.origin };
  const sdkKey = `configcat-sdk-1/${"0".repeat(22)}/${"0".repeat(22)}`;
  const client = getClient(sdkKey, PollingMode.AutoPoll, options);
  await client.waitForReady();
  let flags = client.snapshot();
  return {
    evaluate: (flagKey, id, attributes) =>
      flags.getValue(flagKey, false, new User(id, undefined, undefined, attributes)),
    identify: (id) => {
      client.setDefaultUser(new User(id));
      flags = client.snapshot();
    },
    get: (flagKey) => flags.getValue(flagKey, false),
  };
});
