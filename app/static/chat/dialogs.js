/** Questions that must be answered before anything else. */

import { byId, el } from "./dom.js";
import { say } from "./speech.js";

/**
 * @param {{title: string, text: string, yes: string, values?: object}} names of the texts
 * @returns {Promise<boolean>} whether it was answered with yes
 */
export function confirm({ title, text, yes, values }) {
  const { promise, resolve } = Promise.withResolvers();
  const dialog = byId("question");
  let answer = false;
  const close = (given) => () => {
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

/** Close a dialog when the pointer is pressed beside it. */
export function closeBeside(dialog) {
  dialog.addEventListener("pointerdown", (event) => {
    if (event.target === dialog) dialog.close();
  });
}
