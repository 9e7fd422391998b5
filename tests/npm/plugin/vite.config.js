import react from "@vitejs/plugin-react";
import canary from "canary-runtime/vite";
import { defineConfig } from "vite";

export default defineConfig({
  plugins: [react(), canary({ config: "config.yaml", canaryctl: process.env.CANARYCTL, data: { root: "main" } })],
});
