/** What the assistant said in one message, as it grows. */

import { MarkdownView } from "../shared/markdown_view.js";
import { el, languageOf } from "../shell/dom.js";
import { label, say } from "../shell/speech.js";
import { withFrames, withHeadings } from "./code_blocks.js";

/** Draws the parts of a message, one below the other. */
export class MessageView {
  #options;
  #parts = [];

  /** @param {function(): void} onDrawn called after each step of the drawing */
  constructor(onDrawn) {
    this.element = el("div", { className: "message" });
    this.#options = {
      onDrawn,
      nameButton: (button, { number, name }) => label(button, "citation", { number, name }),
      plainNote: () => say(el("p", { className: "note" }), "plainText"),
      decorate: (fragment, levels) => withFrames(withHeadings(fragment, levels)),
    };
  }

  /**
   * @param {import("../shared/turn.js").AnswerMessage} message
   * @param {import("../shared/markdown.js").Source[]} sources of the whole answer
   * @param {boolean} growing whether more may come
   */
  show(message, sources, growing) {
    message.parts.forEach((part, place) => {
      this.#parts[place] ??= this.#add();
      const { view, box } = this.#parts[place];
      view.show(part, sources, growing);
      this.#tellLanguage(this.#parts[place], part.value, box);
    });
    for (const { box } of this.#parts.splice(message.parts.length)) box.remove();
  }

  /** @returns {boolean} whether all that is known is shown */
  get drawn() {
    return this.#parts.every(({ view }) => view.drawn);
  }

  #add() {
    const view = new MarkdownView(this.#options);
    const box = view.element;
    box.dir = "auto";
    box.lang = "";
    this.element.append(box);
    return { view, box, read: 0 };
  }

  /** Only what is new is looked at. */
  #tellLanguage(part, value, box) {
    if (!box.lang) box.lang = languageOf(value.slice(part.read));
    part.read = value.length;
  }
}
