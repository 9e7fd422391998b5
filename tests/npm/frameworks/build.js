/** Builds the bundles for browsers, and the HTML that a server renders. Development builds report what does not fit. */
import { writeFileSync } from "node:fs";
import { svelte } from "@sveltejs/vite-plugin-svelte";
import { build } from "vite";

process.env.NODE_ENV = "development";
const entries = { react: "/react_client.js", vue: "/vue_client.js", svelte: "/svelte_client.js", broken: "/broken.js" };
const common = { configFile: false, root: import.meta.dirname, mode: "development", logLevel: "error" };
const output = (input, entryFileNames) => ({ minify: false, rollupOptions: { input, output: { entryFileNames } } });
const define = {
  __VUE_OPTIONS_API__: "false",
  __VUE_PROD_DEVTOOLS__: "false",
  __VUE_PROD_HYDRATION_MISMATCH_DETAILS__: "true",
};

await build({ ...common, plugins: [svelte()], define, build: { ...output(entries, "[name].js"), outDir: "dist" } });
const server = { ...output("/servers.js", "[name].js"), ssr: true, target: "es2022", outDir: "server" };
await build({ ...common, plugins: [svelte()], build: server });
const { pages } = await import("./server/servers.js");
for (const [name, html] of Object.entries(pages)) writeFileSync(`${import.meta.dirname}/dist/${name}.html`, html);
