/** The field in which a person answers. */

import { sendsMessage } from "../../../shared/keyboard.js";
import { el } from "../../../shell/dom.js";
import { label, say, words } from "../../../shell/speech.js";

const LONGEST = 32_000;

export class Composer {
  #field = label(el("textarea", { rows: 3, maxLength: LONGEST, dir: "auto" }), "personReply");
  #send = say(el("button", { type: "submit", className: "primary" }), "send");
  #onSend;
  element = el("form", { className: "handover-composer" }, this.#field, this.#send);

  /** @param {(text: string) => Promise<boolean>} onSend returns whether the text was sent */
  constructor(onSend) {
    this.#onSend = onSend;
    this.#field.dataset.placeholder = "personReply";
    this.#field.placeholder = words("personReply");
    this.#field.addEventListener("keydown", (event) => {
      if (!sendsMessage(event)) return;
      event.preventDefault();
      this.#submit();
    });
    this.element.addEventListener("submit", (event) => {
      event.preventDefault();
      this.#submit();
    });
  }

  focus() {
    this.#field.focus();
  }

  async #submit() {
    const text = this.#field.value;
    if (!text.trim() || this.#send.disabled) return;
    this.#send.disabled = true;
    // A text that could not be sent stays.
    if (await this.#onSend(text) && this.#field.value === text) this.#field.value = "";
    this.#send.disabled = false;
    this.focus();
  }
}
