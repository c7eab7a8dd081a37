/** Fields of a form: a label, the control, a hint, and the API's error at the field it names. */

import { errorText } from "../../shared/language.js";
import { el } from "../../shell/dom.js";
import { notify, notifyError } from "../../shell/notices.js";
import { say } from "../../shell/speech.js";

/**
 * @typedef {HTMLInputElement|HTMLTextAreaElement|HTMLSelectElement} Control
 * @typedef {object} FieldOptions
 * @property {string} name of the object's field; the API's errors name it
 * @property {string} label name of its text
 * @property {Control} control
 * @property {string} [hint] name of a text
 * @property {Node[]} [below] more, such as a count of characters
 */
/**
 * @typedef {object} FormField what a form needs of a field
 * @property {string} name of the object's field; the API's errors name it
 * @property {HTMLElement} element
 * @property {HTMLElement} control gets the focus
 * @property {(message: string) => void} fail
 * @property {() => void} clear
 */

let count = 0;

/** A field of a form. */
export class Field {
  #error = el("p", { className: "field-error" });

  /** @param {FieldOptions} options */
  constructor({ name, label, control, hint, below = [] }) {
    count += 1;
    this.name = name;
    this.control = control;
    control.id ||= `field-${count}`;
    this.#error.id = `${control.id}-error`;
    const described = [this.#error.id];
    this.element = el(
      "div",
      { className: "field" },
      say(el("label", { htmlFor: control.id }), label),
      control,
    );
    if (hint) {
      const shown = say(el("p", { className: "hint", id: `${control.id}-hint` }), hint);
      described.unshift(shown.id);
      this.element.append(shown);
    }
    this.element.append(...below, this.#error);
    control.setAttribute("aria-describedby", described.join(" "));
    control.addEventListener("input", () => this.clear());
  }

  /** @param {string} message */
  fail(message) {
    this.#error.textContent = message;
    this.control.setAttribute("aria-invalid", "true");
  }

  clear() {
    this.#error.textContent = "";
    this.control.removeAttribute("aria-invalid");
  }
}

/**
 * Show an error of the API: at the field that it names, else as a notice.
 *
 * @param {Iterable<FormField>} fields
 * @param {import("../../shared/client.js").ApiError} error
 * @param {boolean} [moves] whether the field gets the focus
 */
export function showError(fields, error, moves = true) {
  const all = [...fields];
  for (const field of all) field.clear();
  const { param } = error;
  const named = all.find(({ name }) => param === name || param?.startsWith(`${name}.`)
    || param?.startsWith(`${name}[`));
  if (!named) {
    // The message says more than a general text, unless the call did not arrive.
    if (error.status === 400 && error.message) notify("apiRefused", { message: error.message });
    else notifyError(error);
    return;
  }
  named.fail(error.message || errorText(error).name);
  if (!moves) return;
  named.control.focus();
  notify("checkFields");
}

/**
 * @param {string} title
 * @param {...Node} content
 */
export function group(title, ...content) {
  return el("section", { className: "form-group" }, say(el("h2"), title), ...content);
}
