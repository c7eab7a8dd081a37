/** One question, with its attached files and a field to edit it. */

import { isEscape, sendsMessage } from "../shared/keyboard.js";
import { el, languageOf } from "../shell/dom.js";
import { icon } from "../shell/icons.js";
import { iconButton, label, say } from "../shell/speech.js";
import { timeOf } from "../shell/times.js";

/** @typedef {import("../shared/turn.js").Turn} Turn */

/** Draws the question of a turn. */
export class QuestionView {
  #turn;
  #question;
  #edit;
  /** @type {HTMLElement|null} */
  #bubble = null;
  #button;

  /**
   * @param {Turn} turn
   * @param {import("../shared/turn.js").Question} question `turn.question`
   * @param {{nameOf: (fileId: string) => Promise<string|null>,
   *   edit: (turn: Turn, text: string) => Promise<boolean>}} options `nameOf` gives a file's name;
   *   `edit` replaces the question and sends it again; false if cancelled or failed
   */
  constructor(turn, question, { nameOf, edit }) {
    this.#turn = turn;
    this.#question = question;
    this.#edit = edit;
    const who = say(el("h2", { className: "who for-readers" }), "you");
    this.element = el("article", { className: "question-turn" }, who);
    const attached = [
      ...question.images.map((file) => chip("image", file, nameOf)),
      ...question.files.map((file) => chip("file", file, nameOf)),
      ...(question.others ?? []).map(otherChip),
    ];
    if (attached.length) this.element.append(el("ul", { className: "attachments" }, ...attached));
    if (question.text) {
      const lang = languageOf(question.text);
      this.#bubble = el("div", { className: "bubble", dir: "auto", lang }, question.text);
      this.element.append(this.#bubble);
    }
    this.#button = iconButton("edit", "editMessage", { onclick: () => this.#open(), hidden: true });
    const below = el("div", { className: "question-below" }, timeOf(question.createdAt) ?? "");
    below.append(this.#button);
    this.element.append(below);
  }

  /** @param {boolean} canEdit */
  show(canEdit) {
    this.#button.hidden = !canEdit || !this.#bubble;
  }

  #open() {
    const bubble = this.#bubble;
    if (!bubble) return;
    const field = el("textarea", { value: this.#question.text, rows: 2, dir: "auto" });
    label(field, "editField");
    const send = say(el("button", { type: "submit", className: "primary" }), "send");
    const cancel = el("button", { type: "button", className: "secondary", onclick: () => close() });
    const buttons = el("div", { className: "edit-buttons" }, say(cancel, "cancel"), send);
    const form = el("form", { className: "edit" }, field, buttons);
    const close = () => {
      form.replaceWith(bubble);
      this.#button.focus();
    };
    const submit = async (event) => {
      event.preventDefault();
      const text = field.value.trim();
      if (!text || send.disabled) return;
      send.disabled = true;
      const isAsked = await this.#edit(this.#turn, text);
      send.disabled = false;
      if (!isAsked && form.isConnected) field.focus();
    };
    form.addEventListener("submit", submit);
    form.addEventListener("keydown", (event) => {
      if (isEscape(event)) {
        event.preventDefault();
        close();
      } else if (event.target === field && sendsMessage(event)) {
        submit(event);
      }
    });
    bubble.replaceWith(form);
    field.style.height = `${field.scrollHeight + 2}px`;
    field.focus();
  }
}

function chip(kind, file, nameOf) {
  const name = el("span", { className: "attachment-name" });
  if (file.name) {
    name.textContent = file.name;
  } else {
    say(name, kind);
    nameOf(file.id).then((known) => {
      if (!known) return;
      delete name.dataset.text;
      name.textContent = known;
    });
  }
  return el("li", { className: "attachment" }, icon(kind), name);
}

/**
 * @param {import("../shared/turn.js").Part} part neither text nor an uploaded image
 * @returns {HTMLLIElement} shows an image's address, or the part's type
 */
function otherChip({ type, content }) {
  const address = type === "image_url" ? content?.image_url?.url?.slice(0, 100) : null;
  const name = el("span", { className: "attachment-name" });
  if (address) name.textContent = address;
  else say(name, "otherPart", { type });
  return el("li", { className: "attachment" }, icon(address ? "image" : "file"), name);
}
