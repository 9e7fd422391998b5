import { defineConfig } from "vite";

export default defineConfig({
  build: {
    manifest: true,
    // Small files stay files: what is inlined cannot fail to load.
    assetsInlineLimit: 0,
    rollupOptions: { output: { manualChunks: (id) => (id.endsWith("show.js") ? "shared" : undefined) } },
  },
});
