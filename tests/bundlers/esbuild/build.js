// esbuild writes no page: it gets the names of its files from the metafile.
import { build } from "esbuild";
import { writeFileSync } from "node:fs";

const { metafile } = await build({
  entryPoints: ["src/main.js"],
  outdir: "dist",
  bundle: true,
  splitting: true,
  minify: true,
  metafile: true,
  format: "esm",
  entryNames: "[name]-[hash]",
  define: { "process.env.VERSION": JSON.stringify(process.env.VERSION) },
});
writeFileSync("dist/meta.json", JSON.stringify(metafile));
const [script, { cssBundle }] = Object.entries(metafile.outputs).find(([, output]) => output.entryPoint);
const path = (file) => file.replace("dist/", "/");
writeFileSync(
  "dist/index.html",
  `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>App</title><link rel="icon" href="data:,">
<link rel="stylesheet" href="${path(cssBundle)}"></head>
<body><div id="app"></div><script type="module" src="${path(script)}"></script></body></html>
`,
);
