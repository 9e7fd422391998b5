/** The files of this package that pages request. */
import { copyFileSync, mkdirSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

/** The folder of the package. */
export const packageFolder = fileURLToPath(new URL(".", import.meta.url));

/** Whether a page requests a file of the package: all others are for servers and bundlers. @param {string} name */
export const isRuntimeFile = (name) => /^(canary\.js|\w+_[0-9a-f]{16}\.(js|wasm))$/.test(name);

/** Copies the files into a folder, which is made where it is missing. @param {string} folder */
export function copyRuntime(folder) {
  mkdirSync(folder, { recursive: true });
  for (const name of readdirSync(packageFolder).filter(isRuntimeFile)) {
    copyFileSync(join(packageFolder, name), join(folder, name));
  }
}
