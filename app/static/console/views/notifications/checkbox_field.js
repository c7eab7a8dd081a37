/** A field of several check boxes, of which at least one is wanted. */

import { el } from "../../../shell/dom.js";
import { say } from "../../../shell/speech.js";

let count = 0;

/** It is used like a `Field`. */
export class CheckboxField {
  #boxes;
  #error = el("p", { className: "field-error" });

  /**
   * @param {{name: string, label: string, options: Record<string, string>,
   *   chosen: string[]|null}} options names of the texts by value; `chosen`: null for all
   */
  constructor({ name, label, options, chosen }) {
    count += 1;
    this.name = name;
    this.#error.id = `checkboxes-${count}-error`;
    this.#boxes = Object.keys(options).map((value, number) => {
      const checked = chosen?.includes(value) ?? true;
      return el("input", { type: "checkbox", id: `checkboxes-${count}-${number}`, value, checked });
    });
    const lines = this.#boxes.map((box) => {
      const text = say(el("label", { htmlFor: box.id }), options[box.value]);
      return el("div", { className: "notification-box" }, box, text);
    });
    this.element = el(
      "fieldset",
      { className: "field notification-boxes", "aria-describedby": this.#error.id },
      say(el("legend", { className: "field-label" }), label),
      ...lines,
      this.#error,
    );
    this.element.addEventListener("change", () => this.clear());
  }

  get control() {
    return this.#boxes[0];
  }

  /** @returns {string[]} */
  get chosen() {
    return this.#boxes.filter(({ checked }) => checked).map(({ value }) => value);
  }

  /** @param {string} message */
  fail(message) {
    this.#error.textContent = message;
  }

  clear() {
    this.#error.textContent = "";
  }
}
