/** The choice of an assistant. */

import { browserStorage } from "../shared/storage.js";
import { byId, el } from "../shell/dom.js";

/** @typedef {import("../shared/api.d.ts").Assistant} Assistant */

const KEPT = "threadkeeper.assistant";

/** The list of assistants; the browser remembers the chosen one. */
export class AssistantPicker {
  #select = byId("assistant", HTMLSelectElement);
  /** @type {Assistant[]} */
  #assistants = [];

  /** @param {{onPick: () => void}} listeners */
  constructor({ onPick }) {
    this.#select.addEventListener("change", () => {
      browserStorage.set(KEPT, this.#select.value);
      onPick();
    });
  }

  /** @param {Assistant[]} assistants the default one first */
  open(assistants) {
    this.#assistants = assistants;
    const options = assistants.map((one) => el("option", { value: one.id }, nameOf(one)));
    this.#select.replaceChildren(...options);
    this.#select.hidden = assistants.length < 2;
    this.pick(browserStorage.get(KEPT));
  }

  close() {
    this.#select.hidden = true;
  }

  /** Pick an assistant; an unknown id changes nothing. */
  pick(assistantId) {
    if (this.find(assistantId)) this.#select.value = assistantId;
  }

  /** @returns {Assistant|undefined} the picked assistant */
  get picked() {
    return this.find(this.#select.value) ?? this.#assistants[0];
  }

  /** @returns {Assistant|undefined} */
  find(assistantId) {
    return this.#assistants.find((one) => one.id === assistantId);
  }

  /** @returns {string|null} its name; null if the assistant is not known */
  nameOf(assistantId) {
    const found = this.find(assistantId);
    return found ? nameOf(found) : null;
  }
}

function nameOf(assistant) {
  return assistant.name || assistant.id;
}
