/** Which assistant one talks to. */

import { browserStorage } from "../shared/storage.js";
import { byId, el } from "../shell/dom.js";

/** @typedef {import("../shared/api.d.ts").Assistant} Assistant */

const KEPT = "threadkeeper.assistant";

/** A choice among assistants, kept for this browser. */
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

  /** Pick an assistant; one that is not there changes nothing. */
  pick(assistantId) {
    if (this.find(assistantId)) this.#select.value = assistantId;
  }

  /** @returns {Assistant|undefined} the assistant that is picked */
  get picked() {
    return this.find(this.#select.value) ?? this.#assistants[0];
  }

  /** @returns {Assistant|undefined} */
  find(assistantId) {
    return this.#assistants.find((one) => one.id === assistantId);
  }

  /** @returns {string|null} its name, where it is known */
  nameOf(assistantId) {
    const found = this.find(assistantId);
    return found ? nameOf(found) : null;
  }
}

function nameOf(assistant) {
  return assistant.name || assistant.id;
}
