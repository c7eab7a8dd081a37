/** Pieces that the projects and the keys share. */

import { ApiError } from "../../../shared/client.js";
import { el } from "../../../shell/dom.js";
import { say } from "../../../shell/speech.js";
import { openDialog } from "../../pieces/dialog.js";
import { showError } from "../../pieces/form.js";
import { actionButton } from "../../pieces/view_head.js";

/** @typedef {import("../../pieces/form.js").Field} Field */

/**
 * @param {string} name of the text
 * @param {import("../../../shared/language.js").Values} [values]
 * @param {string} [kind] an additional class
 */
export function chip(name, values, kind = "") {
  return say(el("span", { className: `chip ${kind}`.trim() }), name, values);
}

/** @param {HTMLInputElement} control */
export function numberOf(control) {
  return control.value === "" ? null : Number(control.value);
}

/** @param {number|null} value */
export function numberInput(value) {
  return el("input", { type: "number", min: "1", step: "1", inputMode: "numeric", value });
}

/**
 * Open a form in a dialog; it stays open while the API refuses what was entered.
 *
 * @template T
 * @param {{title: string, save: string, fields: Field[], send: () => Promise<T>,
 *   done: (answer: T) => void}} options names of the texts, and what is called
 */
export function openForm({ title, save, fields, send, done }) {
  const form = el("form", { className: "access-form", noValidate: true });
  form.append(...fields.map(({ element }) => element));
  const submit = actionButton("primary", save, () => form.requestSubmit());
  const dialog = openDialog({ title, content: [form], actions: [submit] });
  form.append(el("input", { type: "submit", hidden: true }));
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    submit.disabled = true;
    try {
      const answer = await send();
      dialog.close();
      done(answer);
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      showError(fields, error);
    } finally {
      submit.disabled = false;
    }
  });
  fields[0]?.control.focus();
}
