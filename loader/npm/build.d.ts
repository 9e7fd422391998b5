/** Types of what follows a build. */

export interface BuildOptions {
  /** The folder that the bundler wrote. */
  dir: string;
  /** The pages in it; `index.html` by default. */
  pages?: string[];
  /** The path of canaryctl; that on the `PATH` by default. */
  canaryctl?: string;
  /** The URL of `canary.js`; `/runtime/canary.js` by default. */
  runtime?: string;
  /** Whether the runtime's files are copied into the folder `runtime` of the build, which is so by default. */
  copyRuntime?: boolean;
  /** The version of the bundle; that of `package.json` beside or in the build by default. */
  version?: string;
  /** The base path of the build; as found in the page by default. */
  base?: string;
  /** Attributes `data-KEY` of the script tag. */
  data?: Record<string, string | number>;
  /** Further options of `canaryctl inject`. */
  args?: string[];
  /** A file in the build for what `canaryctl assets` prints; none by default. */
  assetsFile?: string;
}

export interface BuildResult {
  /** What `canaryctl inject` reports of each page. */
  pages: { page: string; [member: string]: unknown }[];
  /** Sources that a Content-Security-Policy must allow in `script-src`. */
  scriptSrc: string[];
  /** Sources for `style-src`: the hashes of inline styles and style attributes. */
  styleSrc: string[];
  /** The bundle in the form of the config's `ASSETS.canary`, or of `ASSETS` for several pages; null without `assetsFile`. */
  assets: object | null;
}

/**
 * Makes the pages of a build load the runtime, which `canaryctl inject` does.
 *
 * @throws an `Error` where canaryctl is missing or refuses the build; the message says why.
 */
export declare function injectBuild(options: BuildOptions): BuildResult;
