/** What follows a build of any bundler: the runtime's files, `canaryctl inject` for its pages, `canaryctl assets`. */
import { spawnSync } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { copyRuntime, packageFolder } from "./runtime_files.js";

/** The output of canaryctl. @param {string} program @param {string[]} args */
function run(program, args) {
  const { error, status, stdout, stderr } = spawnSync(program, args, { encoding: "utf8" });
  const code = /** @type {NodeJS.ErrnoException | undefined} */ (error)?.code;
  if (code === "ENOENT") {
    throw new Error(
      `canary-runtime: cannot find ${program}: install canaryctl on the PATH, or name its path with the option canaryctl`,
    );
  }
  if (error) throw new Error(`canary-runtime: cannot run ${program}: ${error.message}`);
  if (status !== 0) throw new Error(`canary-runtime: canaryctl ${args[0]} failed: ${stderr.trim()}`);
  return JSON.parse(stdout);
}

/** @param {import("./build.js").BuildOptions} options */
export function injectBuild({
  dir,
  pages = ["index.html"],
  canaryctl = "canaryctl",
  runtime = "/runtime/canary.js",
  copyRuntime: copiesRuntime = true,
  version,
  base,
  data = {},
  args = [],
  assetsFile,
}) {
  if (copiesRuntime) copyRuntime(join(dir, "runtime"));
  const named = [...(version ? ["--version", version] : []), ...(base ? ["--base", base] : [])];
  const attributes = Object.entries(data).flatMap(([key, value]) => ["--data", `${key}=${value}`]);
  // All at once, because several pages get names, by which each has a canary of its own.
  const target = ["inject", ...pages.map((page) => join(dir, page)), "--dir", dir];
  const options = ["--runtime", runtime, "--runtime-dir", packageFolder, ...named, ...attributes, ...args];
  const output = run(canaryctl, [...target, ...options, "--output", "json"]);
  const reports = new Map((output.pages ?? [output]).map((/** @type {any} */ report) => [report.file, report]));
  const injected = pages.flatMap((page) => {
    const report = reports.get(join(dir, page));
    return report ? [{ page, ...report }] : [];
  });
  /** The sources of all pages for a directive. @param {"scriptSrc" | "styleSrc"} name @returns {string[]} */
  const sources = (name) => [
    ...new Set(injected.flatMap((page) => page[name].map((/** @type {any} */ it) => it.source ?? it))),
  ];
  const result = { pages: injected, scriptSrc: sources("scriptSrc"), styleSrc: sources("styleSrc"), assets: null };
  if (!assetsFile) return result;
  const assets = run(canaryctl, ["assets", "--dir", dir, ...named, "--output", "json"]);
  const file = join(dir, assetsFile);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, `${JSON.stringify(assets, null, 2)}\n`);
  return { ...result, assets };
}
