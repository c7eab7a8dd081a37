/** What eslint checks in the pages' own modules; types are TypeScript's part. */

import js from "@eslint/js";
import globals from "globals";

const MODULES = ["static/**/*.js"];
const SCRIPTS = [
  "static/docs/start.js",
  "static/shell/early.js",
  "static/welcome/welcome.js",
  "static/widget/demo.js",
  "static/widget/widget.js",
];

export default [
  { ignores: ["static/vendor/**"] },
  {
    ...js.configs.recommended,
    files: MODULES,
    languageOptions: { ecmaVersion: 2025, sourceType: "module", globals: globals.browser },
    linterOptions: { reportUnusedDisableDirectives: "error" },
    rules: {
      ...js.configs.recommended.rules,
      "array-callback-return": "error",
      // Null stands for null and undefined alike.
      eqeqeq: ["error", "always", { null: "ignore" }],
      "max-len": ["error", { code: 100, ignoreRegExpLiterals: true, ignoreStrings: true }],
      "max-lines": ["error", 300],
      "no-alert": "error",
      "no-await-in-loop": "off",
      "no-console": ["error", { allow: ["warn", "error"] }],
      "no-empty": ["error", { allowEmptyCatch: false }],
      "no-eval": "error",
      "no-implied-eval": "error",
      "no-shadow": "error",
      "no-template-curly-in-string": "error",
      "no-throw-literal": "error",
      "no-unused-vars": ["error", { argsIgnorePattern: "^_", varsIgnorePattern: "^_" }],
      "no-use-before-define": ["error", { functions: false, classes: false, variables: false }],
      "no-var": "error",
      "object-shorthand": "error",
      "prefer-const": "error",
      radix: "error",
    },
  },
  { files: SCRIPTS, languageOptions: { sourceType: "script" } },
  { files: ["static/docs/*.js"], languageOptions: { globals: { SwaggerUIBundle: "readonly" } } },
];
