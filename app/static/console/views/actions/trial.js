/** One call of an operation, to try an action. */

import { ApiError } from "../../../shared/client.js";
import { el } from "../../../shell/dom.js";
import { say } from "../../../shell/speech.js";
import { Field, showError } from "../../pieces/form.js";
import { actionButton } from "../../pieces/view_head.js";

/** @typedef {import("./types.js").Operation} Operation */

/**
 * @param {import("../../context.js").Context} context
 * @param {string} path of the action
 * @param {Operation[]} offered
 * @returns {HTMLElement}
 */
export function trialOf(context, path, offered) {
  const operation = el("select");
  operation.append(...offered.map(({ name }) => el("option", { value: name }, name)));
  const given = el("textarea", { rows: 5, spellcheck: false, className: "code-field" });
  const fields = [
    new Field({ name: "operation", label: "operationField", control: operation }),
    new Field({ name: "arguments", label: "argumentsField", control: given, hint: "argumentsHint" }),
  ];
  const result = el("div", { className: "call-result", role: "status" });
  const button = actionButton("secondary", "callIt", () => call());
  const showArguments = () => {
    const found = offered.find(({ name }) => name === operation.value);
    given.value = JSON.stringify(exampleOf(found?.function?.parameters ?? {}), null, 2);
  };
  operation.addEventListener("change", showArguments);
  showArguments();

  async function call() {
    let values;
    try {
      values = JSON.parse(given.value.trim() || "{}");
    } catch (error) {
      fields[1].fail(String(error instanceof Error ? error.message : error));
      given.focus();
      return;
    }
    button.disabled = true;
    say(result, "calling");
    try {
      const body = { operation: operation.value, arguments: values };
      const { status, output } = await context.client.post(`${path}/call`, body);
      const head = say(el("p", { className: "muted" }), status ? "callStatus" : "callFailed", { status });
      const answer = el("pre", { className: "code-sample", tabIndex: 0 }, el("code", {}, output));
      result.removeAttribute("data-text");
      result.replaceChildren(head, answer);
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      result.removeAttribute("data-text");
      result.replaceChildren();
      showError(fields, error);
    } finally {
      button.disabled = false;
    }
  }

  return el("div", { className: "action-trial" }, ...fields.map(({ element }) => element),
    el("div", {}, button), result);
}

/**
 * @param {Record<string, any>} schema of an object
 * @returns {Record<string, any>} a value for each argument that is needed
 */
function exampleOf({ properties = {}, required = [] }) {
  const names = /** @type {string[]} */ (required);
  return Object.fromEntries(names.map((name) => [name, valueOf(properties[name] ?? {})]));
}

function valueOf(schema) {
  if (schema.default !== undefined) return schema.default;
  if (schema.enum?.length) return schema.enum[0];
  const type = Array.isArray(schema.type) ? schema.type[0] : schema.type;
  /** @type {Record<string, any>} */
  const plain = { string: "", integer: 1, number: 1, boolean: false, array: [] };
  if (type in plain) return plain[type];
  return schema.properties ? exampleOf(schema) : {};
}
