/**
 * The tools with their own view, each exported as the `type` of its calls. To add one, write its
 * module and export it here; `any.js` shows calls of any other type.
 */

export { codeInterpreter as code_interpreter } from "./code_interpreter.js";
export { fileSearch as file_search } from "./file_search.js";
export { functionCall as function } from "./function.js";
