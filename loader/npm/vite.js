/** Plugin for Vite: the runtime in pages of the development server, and what follows a build. */
import { existsSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { injectBuild } from "./build.js";
import { developmentConfig, folder, includeRuntime } from "./development.js";
import { isRuntimeFile, packageFolder } from "./runtime_files.js";

const defaultConfig = "k8s/base/canary-config-cm.yaml";

/** @typedef {import("./build.js").BuildOptions & { config?: string }} Options */

// Types of Vite itself are checked with the published declarations, beside a real Vite.
/** @param {Partial<Options>} [options] @returns {any} */
export default function canary(options = {}) {
  /** @type {any} */
  let config; // as Vite resolved it
  /** @type {string | undefined} */
  let file;
  const { config: named, ...build } = options;
  return {
    name: "canary-runtime",

    // The manifest tells which files belong to the bundle.
    config: (/** @type {any} */ { build }, /** @type {any} */ { command }) =>
      command === "build" && !build?.manifest ? { build: { manifest: true } } : undefined,

    /** @param {any} resolved */
    configResolved(resolved) {
      config = resolved;
      const path = resolve(config.root, named ?? defaultConfig);
      if (named || existsSync(path)) file = path;
    },

    /** @param {any} server */
    configureServer(server) {
      const prefix = `${config.base}${folder}`;
      if (file) server.watcher.add(file);
      server.watcher.on("change", (/** @type {string} */ changed) => {
        if (resolve(changed) === file) server.ws.send({ type: "full-reload" });
      });
      server.middlewares.use(
        (/** @type {any} */ request, /** @type {any} */ response, /** @type {() => void} */ next) => {
          const path = (request.url ?? "").replace(/\?.*/, "");
          const name = path.startsWith(prefix) ? path.slice(prefix.length) : "";
          const isConfig = name === "config.json";
          if (!isConfig && !isRuntimeFile(name)) return next();
          const extension = /** @type {"js" | "wasm" | "json"} */ (/\w+$/.exec(name)?.[0]);
          const type = { js: "text/javascript", wasm: "application/wasm", json: "application/json" }[extension];
          response.setHeader("Content-Type", type).setHeader("Cache-Control", "no-store");
          const warn = (/** @type {string} */ message) => config.logger.error(message);
          response.end(
            isConfig ? JSON.stringify(developmentConfig(file, warn)) : readFileSync(join(packageFolder, name)),
          );
        },
      );
    },

    transformIndexHtml: {
      order: "post",
      handler: (/** @type {string} */ html, /** @type {any} */ { server }) =>
        server ? includeRuntime(html, config.base, options.data ?? {}) : html,
    },

    writeBundle: {
      order: "post",
      sequential: true,
      /** @param {unknown} _ @param {Record<string, unknown>} bundle */
      handler(_, bundle) {
        const pages = Object.keys(bundle).filter((name) => name.endsWith(".html"));
        if (config.build.ssr || !pages.length) return;
        const dir = resolve(config.root, config.build.outDir);
        const isPath = config.base.startsWith("/") && !config.base.startsWith("//");
        const runtime = `${isPath ? config.base : "/"}runtime/canary.js`;
        const defaults = { dir, pages, runtime, assetsFile: ".vite/canary-assets.json" };
        const { scriptSrc, styleSrc } = injectBuild({ ...defaults, ...build });
        config.logger.info(`canary-runtime: script-src ${scriptSrc.join(" ")}`);
        if (styleSrc.length) config.logger.info(`canary-runtime: style-src ${styleSrc.join(" ")}`);
      },
    },
  };
}
