/** Modal questions, in the page's `<dialog id="question">`. */

import { byId, el } from "./dom.js";
import { say } from "./speech.js";

/**
 * @param {{title: string, text: string, yes: string,
 *   values?: import("../shared/language.js").Values}} names of the texts, and values for `text`
 * @returns {Promise<boolean>} whether the answer was yes
 */
export function confirm({ title, text, yes, values }) {
  /** @type {PromiseWithResolvers<boolean>} */
  const { promise, resolve } = Promise.withResolvers();
  const dialog = byId("question", HTMLDialogElement);
  let answer = false;
  const close = (/** @type {boolean} */ given) => () => {
    answer = given;
    dialog.close();
  };
  const no = el("button", { type: "button", className: "secondary", onclick: close(false) });
  const sure = el("button", { type: "button", className: "danger", onclick: close(true) });
  dialog.replaceChildren(
    say(el("h2", { id: "question-title" }), title),
    say(el("p", {}), text, values),
    el("div", { className: "dialog-actions" }, say(no, "cancel"), say(sure, yes)),
  );
  dialog.addEventListener("close", () => resolve(answer), { once: true });
  dialog.showModal();
  return promise;
}

/**
 * Close a dialog when the reader presses outside it.
 *
 * @param {HTMLDialogElement} dialog
 */
export function closeBeside(dialog) {
  dialog.addEventListener("pointerdown", (event) => {
    if (event.target === dialog) dialog.close();
  });
}
