/** The page's own code around a peer: identify the user, ask the peer, insert the bundle that it decides on. */

/**
 * @typedef {object} Client
 * @property {(flagKey: string, id: string, attributes?: Record<string, string>) => boolean} evaluate for any user
 * @property {(id: string) => void} [identify] sets the user that `get` is about
 * @property {(flagKey: string) => boolean} get for the user of the page
 */

/** The device id in the cookie, a new one if there is none. */
function deviceId() {
  const [, known] = /(?:^|; )canary_id=([^;]+)/.exec(document.cookie) ?? [];
  const id = known ?? crypto.randomUUID();
  document.cookie = `canary_id=${id}; Path=/; SameSite=Lax; Max-Age=7776000`;
  return id;
}

/** Boots a page. @param {(id: string) => Promise<Client>} create */
export async function boot(create) {
  const client = await create(deviceId());
  const variant = client.get("canary") ? "canary" : "stable";
  performance.mark("decision");
  const script = Object.assign(document.createElement("script"), { type: "module", crossOrigin: "anonymous" });
  script.src = variant === "canary" ? "/assets/2.0.0/app.js" : "/assets/1.0.0/app.js";
  document.head.append(script);
  const flag = client.get("new-checkout");
  performance.mark("flag");
  globalThis.bench = { variant, flag, client };
}

/** The text of the config, which the page has preloaded. */
export const fetchConfig = async () => (await fetch("/config/flags.json")).text();
