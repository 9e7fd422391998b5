/** The files of a contender's page, as a map from paths to bodies. */
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { cpSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { constants, brotliCompressSync } from "node:zlib";
import { build } from "esbuild";
import { formats } from "./flags.js";

const here = dirname(fileURLToPath(import.meta.url));
const repository = dirname(here);
const canaryctl = process.env.CANARYCTL ?? join(repository, "target/release/canaryctl");

/** @typedef {Map<string, { body: Buffer, brotli?: Buffer }>} Site */

/** @param {Buffer | string} content */
function file(content) {
  const body = Buffer.from(content);
  const params = { [constants.BROTLI_PARAM_QUALITY]: 11, [constants.BROTLI_PARAM_SIZE_HINT]: body.length };
  return { body, brotli: brotliCompressSync(body, { params }) };
}

const stablePath = "/assets/1.0.0/app.js";
const canaryPath = "/assets/2.0.0/app.js";

/** An app of 80 KB on the wire that says when it runs. Its text is random, so that it does not compress further. */
function appScript(seed) {
  let state = createHash("sha256").update(seed).digest();
  const parts = [];
  for (let bytes = 0; bytes < 80_000; bytes += state.length) {
    state = createHash("sha256").update(state).digest();
    parts.push(state);
  }
  return `performance.mark("app"); globalThis.appRuns?.("");\nexport const text = "${Buffer.concat(parts).toString("base64")}";\n`;
}
const apps = { [stablePath]: file(appScript("stable")), [canaryPath]: file(appScript("canary")) };

const page = (head) => `<!doctype html>
<html lang="en">
<head>
  <meta charset="utf-8">
  <meta name="viewport" content="width=device-width, initial-scale=1">
  <title>Shop</title>
  <link rel="icon" href="data:,">
${head.map((line) => `  ${line}\n`).join("")}</head>
<body>
  <main id="app"><h1>Shop</h1><p>The app draws the rest.</p></main>
</body>
</html>
`;

const entry = `<script type="module" crossorigin src="${stablePath}"></script>`;
const integrity = (path) => `sha384-${createHash("sha384").update(apps[path].body).digest("base64")}`;

/** The script of a peer with the page's own code around it, in one file. */
async function bundle(contender) {
  const entryPoints = [join(here, "contenders", `${contender.module ?? contender.name}.js`)];
  const options = { bundle: true, minify: true, format: "esm", target: "es2022", platform: "browser", write: false };
  const { outputFiles } = await build({ ...options, entryPoints, legalComments: "none", logLevel: "warning" });
  return file(outputFiles[0].contents);
}

/** A page that preloads all that it needs before the decision. */
async function peerSite(contender) {
  const { wasm, bundlePreloaded } = contender;
  const site = new Map([["/contender/contender_0123456789abcdef.js", await bundle(contender)]]);
  const head = [`<link rel="preload" href="/config/flags.json" as="fetch" crossorigin>`];
  if (wasm) {
    site.set("/contender/engine.wasm", file(readFileSync(join(here, "node_modules", contender.package, wasm))));
    head.push(`<link rel="preload" href="/contender/engine.wasm" as="fetch" crossorigin>`);
  }
  head.push(`<script type="module" src="/contender/contender_0123456789abcdef.js"></script>`);
  if (bundlePreloaded) head.push(`<link rel="modulepreload" href="${stablePath}">`);
  return withPage(site, page(head));
}

/** Remembers the page's bytes without the probe, which no page has. @param {Site} files @param {string} html */
const withPage = (files, html, probed = html) => ({
  files: files.set("/", file(probed)),
  pageBytes: file(html).brotli.length,
});

/** The page that `canaryctl inject` makes of the static one, with the runtime's files beside it. */
function runtimeSite() {
  const dist = mkdtempSync(join(tmpdir(), "canary-bench-"));
  try {
    mkdirSync(join(dist, dirname(stablePath)), { recursive: true });
    writeFileSync(join(dist, "index.html"), page([entry]));
    writeFileSync(join(dist, stablePath), apps[stablePath].body);
    cpSync(join(repository, "pkg"), join(dist, "runtime"), { recursive: true });
    const options = ["--version", "1.0.0"];
    execFileSync(canaryctl, ["inject", join(dist, "index.html"), ...options], {
      stdio: ["ignore", "ignore", "inherit"],
    });
    const probe = readFileSync(join(here, "contenders/canary.js"), "utf8");
    const html = readFileSync(join(dist, "index.html"), "utf8");
    const withProbe = html.replace("</head>", () => `  <script type="module">${probe}</script>\n</head>`);
    return withPage(runtimeFiles(), html, withProbe);
  } finally {
    rmSync(dist, { recursive: true });
  }
}

/** pkg/ as it is served, with its own precompressed copies. @returns {Site} */
export function runtimeFiles() {
  const read = (name) => readFileSync(join(repository, "pkg", name));
  const names = readdirSync(join(repository, "pkg")).filter((name) => /\.(js|wasm)$/.test(name));
  return new Map(names.map((name) => [`/runtime/${name}`, { body: read(name), brotli: read(`${name}.br`) }]));
}

/** @param {import("./contenders.js").Contender} contender @param {import("./flags.js").Flag[]} flags */
export async function makeSite(contender, flags) {
  const sites = {
    none: () => withPage(new Map(), page([entry])),
    peer: () => peerSite(contender),
    runtime: runtimeSite,
  };
  const site = await sites[contender.kind]();
  for (const [path, app] of Object.entries(apps)) site.files.set(path, app);
  if (contender.format) {
    const canary = { version: "2.0.0", scripts: [{ src: canaryPath, integrity: integrity(canaryPath) }] };
    const config = file(JSON.stringify(formats[contender.format](flags, { canary })));
    site.files.set(contender.kind === "runtime" ? "/config/canary.json" : "/config/flags.json", config);
  }
  return site;
}
