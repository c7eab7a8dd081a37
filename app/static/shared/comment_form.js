/** The field for a comment on an answer that was just rated down. */

import { sendsMessage } from "./keyboard.js";

const MAX_COMMENT = 1000;

/** Shows the field, and thanks once a comment was sent. */
export class CommentForm {
  #field = document.createElement("textarea");
  #button = document.createElement("button");
  #thanks = document.createElement("p");
  #row = document.createElement("div");
  #send;
  #t;

  /**
   * @param {object} options
   * @param {(name: string) => string} options.t texts
   * @param {(comment: string) => Promise<void>} options.send
   * @param {string} options.buttonClass
   */
  constructor({ t, send, buttonClass }) {
    this.#send = send;
    this.#t = t;
    Object.assign(this.#field, { rows: 2, maxLength: MAX_COMMENT, dir: "auto" });
    this.#field.setAttribute("aria-label", t("whatWasWrong"));
    this.#field.placeholder = t("whatWasWrong");
    // In the chat page, the language can change in place.
    Object.assign(this.#field.dataset, { label: "whatWasWrong", placeholder: "whatWasWrong" });
    Object.assign(this.#button, { type: "button", className: buttonClass });
    this.#button.textContent = t("sendComment");
    this.#button.dataset.text = "sendComment";
    this.#thanks.setAttribute("role", "status");
    this.#row.className = "comment-row";
    this.#row.append(this.#field, this.#button);
    this.element = document.createElement("div");
    this.element.className = "comment";
    this.element.hidden = true;
    this.element.append(this.#row, this.#thanks);
    this.#button.addEventListener("click", () => this.#submit());
    this.#field.addEventListener("keydown", (event) => {
      if (!sendsMessage(event)) return;
      event.preventDefault();
      this.#submit();
    });
  }

  /**
   * @param {import("./turn.js").Rated|null} feedback on the answer
   * @param {boolean} isNew whether it was given here and now
   */
  show(feedback, isNew) {
    const asks = isNew && feedback?.rating === "down";
    const isSent = Boolean(feedback?.comment);
    this.element.hidden = !asks;
    this.#row.hidden = isSent;
    const name = asks && isSent ? "commentSent" : "";
    if ((this.#thanks.dataset.text ?? "") === name) return;
    if (name) this.#thanks.dataset.text = name;
    else delete this.#thanks.dataset.text;
    this.#thanks.textContent = name ? this.#t(name) : "";
  }

  async #submit() {
    const comment = this.#field.value.trim();
    if (!comment || this.#button.disabled) return;
    this.#button.disabled = true;
    await this.#send(comment);
    this.#button.disabled = false;
  }
}
