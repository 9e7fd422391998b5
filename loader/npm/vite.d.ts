/** Types of the plugin for Vite. */
import type { Plugin } from "vite";
import type { BuildOptions } from "./build.js";

export interface CanaryOptions extends Partial<Omit<BuildOptions, "dir">> {
  /** The config whose flags pages of the development server have; `k8s/base/canary-config-cm.yaml`, if there is one, by default. */
  config?: string;
}

/** The runtime in pages of the development server, and `canaryctl inject` and `canaryctl assets` after a build. */
export default function canary(options?: CanaryOptions): Plugin;
