/** ESLint's settings for the loader, its tests, the demo, the dashboard and the benchmark. Prettier alone decides about the layout. */
import js from "@eslint/js";
import globals from "globals";

const buildConstants = Object.fromEntries(
  [
    "DIAGNOSTICS_JS",
    "DIAGNOSTICS_WASM",
    "ENGINE_SHA256",
    "ENGINE_WASM",
    "LIFECYCLE_JS",
    "LIFECYCLE_SHA256",
    "OVERRIDES_JS",
    "PANEL_JS",
    "PATTERNS_JS",
    "REFRESH_JS",
    "REFRESH_WASM",
    "VITALS_JS",
    "HAS_LOG_BUFFER",
  ].map((name) => [name, "readonly"]),
);

export default [
  { ignores: ["**/node_modules/"] },
  js.configs.recommended,
  {
    languageOptions: { globals: { ...globals.browser, ...buildConstants } },
    linterOptions: { reportUnusedDisableDirectives: "error" },
    rules: {
      "arrow-body-style": "error",
      eqeqeq: ["error", "always", { null: "ignore" }],
      "func-style": ["error", "declaration", { allowArrowFunctions: true }],
      "max-lines": ["error", 400],
      "no-duplicate-imports": "error",
      "no-else-return": "error",
      "no-eval": "error",
      "no-implied-eval": "error",
      "no-param-reassign": "error",
      "no-unneeded-ternary": "error",
      "no-useless-rename": "error",
      "no-useless-return": "error",
      "no-var": "error",
      "object-shorthand": "error",
      "prefer-arrow-callback": "error",
      "prefer-const": "error",
      "prefer-template": "error",
    },
  },
  {
    // It has to be small, and an empty catch needs no comment there: each is a way that may not work. Template engines of
    // servers would replace what is in the braces of a template literal.
    files: ["**/guard.js"],
    rules: { "no-empty": ["error", { allowEmptyCatch: true }], "prefer-template": "off" },
  },
  {
    files: ["**/npm/build.js", "**/npm/development.js", "**/npm/runtime_files.js", "**/npm/vite.js"],
    languageOptions: { globals: globals.node },
  },
  {
    files: ["**/*.test.js", "**/tests/loader/**", "**/*.config.js", "**/bench/*.js", "**/dashboard/*.js"],
    languageOptions: { globals: globals.node },
  },
];
