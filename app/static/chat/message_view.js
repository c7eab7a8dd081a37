/** One message of the assistant, drawn as it streams in. */

import { partView } from "../shared/part_views.js";
import { el, languageOf } from "../shell/dom.js";
import { label, say, words } from "../shell/speech.js";
import { withFrames, withHeadings } from "./code_blocks.js";

/** Draws the parts of a message, one below another. */
export class MessageView {
  #options;
  #parts = [];

  /**
   * @param {import("../shared/files.js").FileContents} files
   * @param {() => void} onDrawn called after each step of the drawing
   */
  constructor(files, onDrawn) {
    this.element = el("div", { className: "message" });
    const markdown = {
      onDrawn,
      nameButton: (button, { number, name }) => label(button, "citation", { number, name }),
      plainNote: () => say(el("p", { className: "note" }), "plainText"),
      decorate: (fragment, levels) => withFrames(withHeadings(fragment, levels)),
    };
    this.#options = { files, t: words, onDrawn, markdown };
  }

  /**
   * @param {import("../shared/turn.js").AnswerMessage} message
   * @param {import("../shared/markdown.js").Source[]} sources of the whole answer
   * @param {boolean} growing whether more may arrive
   */
  show(message, sources, growing) {
    message.parts.forEach((part, place) => {
      const shown = this.#viewOf(part, place);
      shown.view.show(part, sources, growing);
      if (!part.content) this.#setLanguage(shown, part.value);
    });
    for (const { view } of this.#parts.splice(message.parts.length)) view.element.remove();
  }

  /** @returns {boolean} whether everything received so far is drawn */
  get drawn() {
    return this.#parts.every(({ view }) => view.drawn);
  }

  #viewOf(part, place) {
    const known = this.#parts[place];
    if (known?.type === part.type) return known;
    const view = partView(part, this.#options);
    view.element.dir = "auto";
    view.element.lang = "";
    if (known) known.view.element.replaceWith(view.element);
    else this.element.append(view.element);
    return (this.#parts[place] = { view, type: part.type, read: 0 });
  }

  /** Set `lang` from the text that arrived since the last call. */
  #setLanguage(shown, value) {
    const { element } = shown.view;
    if (!element.lang) element.lang = languageOf(value.slice(shown.read));
    shown.read = value.length;
  }
}
