/** A form in a dialog. */

import { ApiError } from "../../shared/client.js";
import { el } from "../../shell/dom.js";
import { openDialog } from "./dialog.js";
import { showError } from "./form.js";
import { actionButton } from "./view_head.js";

/**
 * Open a form in a dialog; it stays open while the API refuses what was entered.
 *
 * @template T
 * @param {{title: string, save: string, fields: import("./form.js").FormField[],
 *   send: () => Promise<T>, done: (answer: T) => void}} options names of the texts, and what is
 *   called
 */
export function openForm({ title, save, fields, send, done }) {
  const form = el("form", { className: "sheet-form", noValidate: true });
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
