/** Dialogs with content of their own; for a question of yes or no, see `shell/dialogs.js`. */

import { closeBeside, openModal } from "../../shell/dialogs.js";
import { el } from "../../shell/dom.js";
import { iconButton, say } from "../../shell/speech.js";

let count = 0;

/**
 * Open a modal dialog; closing it removes it, and returns the focus to where it was.
 *
 * @param {{title: string, values?: import("../../shared/language.js").Values, content: Node[],
 *   actions?: Node[], wide?: boolean, onClose?: () => void}} options `title`: name of its text
 * @returns {HTMLDialogElement}
 */
export function openDialog({ title, values, content, actions = [], wide = false, onClose }) {
  count += 1;
  const id = `dialog-title-${count}`;
  const dialog = el("dialog", { className: wide ? "sheet sheet-wide" : "sheet" });
  dialog.setAttribute("aria-labelledby", id);
  dialog.append(
    el(
      "div",
      { className: "sheet-head" },
      say(el("h2", { id }), title, values),
      iconButton("close", "close", { onclick: () => dialog.close() }),
    ),
    el("div", { className: "sheet-body" }, ...content),
  );
  if (actions.length) dialog.append(el("div", { className: "dialog-actions" }, ...actions));
  closeBeside(dialog);
  dialog.addEventListener("close", () => {
    dialog.remove();
    onClose?.();
  });
  document.body.append(dialog);
  openModal(dialog);
  return dialog;
}
