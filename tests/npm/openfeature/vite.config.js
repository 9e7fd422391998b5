import { defineConfig } from "vite";

// One file of a known name, for a page of the tests' own.
export default defineConfig({
  build: { lib: { entry: "main.js", formats: ["es"], fileName: () => "openfeature.js" } },
});
