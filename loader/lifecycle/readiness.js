import { leaveMark } from "../storage/mark.js";
import { inWords } from "../util/thrown.js";

/**
 * Resolves when a bundle is up: its scripts are loaded, nothing of it threw, its modules have run to their end, and it has
 * said so where it should. Rejects with `{fault, ran, address?}`. `loaded` is the insertion's word, `ends` gets what is to
 * be undone then.
 */
export const rise = ({ variant, bundle, loaded, version, guard, started, listen, ends }) =>
  new Promise((resolve, reject) => {
    const { readyTimeoutMs = 8000, readyWhen } = guard ?? {};
    const { scripts } = bundle;
    const urls = scripts.map(({ src }) => new URL(src, document.baseURI).href);
    const isOurs = (text) => urls.some((url) => text.includes(new URL(".", url).href));
    const threw = (what) => reject({ fault: `E403 ${variant} threw while it started: ${inWords(what)}`, ran: true });
    ends.push(
      listen("error", ({ filename, message }) => filename && isOurs(filename) && threw(message)),
      listen("unhandledrejection", ({ reason }) => {
        if (isOurs(`${inWords(reason)} ${inWords(reason, "stack")}`)) threw(reason);
      }),
    );
    if (variant === "canary") {
      const fault = `E404 the canary was not up within ${readyTimeoutMs} ms`;
      const timer = setTimeout(reject, readyTimeoutMs, { fault, ran: true });
      const clear = leaveMark(version, readyTimeoutMs);
      ends.push(() => clearTimeout(timer), listen("pagehide", clear), clear);
    }
    const run = async () => {
      await loaded;
      // One request and one run: the same module again, as far as it has come.
      const modules = urls.filter((_, index) => scripts[index].type !== "classic");
      await Promise.all(modules.map((url) => import(url).catch(threw)));
      if (readyWhen === "started") await started;
    };
    run().then(resolve, ({ code, address, ran }) => reject({ fault: `${code} ${address} did not load`, ran, address }));
  });
