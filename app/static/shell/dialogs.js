/** Modal dialogs, and questions in the page's `<dialog id="question">`. */

import { byId, el } from "./dom.js";
import { say } from "./speech.js";

/** @type {HTMLDialogElement[]} the one in front is the last */
let modal = [];
/** @type {Array<() => void>} */
const listeners = [];

/**
 * Open a dialog in front of the page and of other dialogs. Behind it, nothing can be reached, nor
 * do screen readers read what changes there: what belongs in front is appended to `frontmost()`.
 *
 * @param {HTMLDialogElement} dialog
 */
export function openModal(dialog) {
  modal.push(dialog);
  const closed = () => {
    modal = modal.filter((one) => one !== dialog);
    for (const listener of listeners) listener();
  };
  dialog.addEventListener("close", closed, { once: true });
  dialog.showModal();
  for (const listener of listeners) listener();
}

/** @returns {HTMLElement} the modal dialog in front of the page, or else the page's body */
export function frontmost() {
  return modal.findLast(({ open, isConnected }) => open && isConnected) ?? document.body;
}

/** @param {() => void} listener called after `frontmost()` changed */
export function onFrontmost(listener) {
  listeners.push(listener);
}

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
  openModal(dialog);
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
