/**
 * The tools whose calls have a view of their own, each under the `type` of its calls. To add one,
 * write its module and name it here; calls of any other type get the view of `any.js`.
 */

export { fileSearch as file_search } from "./file_search.js";
export { functionCall as function } from "./function.js";
