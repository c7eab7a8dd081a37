/** The passages that an answer cites, listed below it. */

import { ApiError } from "../shared/client.js";
import { citedPassage } from "../shared/citations.js";
import { element } from "./elements.js";

/** A list of an answer's sources; each one unfolds to show the cited passage. */
export class Footnotes {
  #t;
  #steps;
  #buttons = new Map();

  /**
   * @param {(name: string, values?: import("../shared/language.js").Values) => string} t texts
   * @param {() => Promise<import("../shared/turn.js").ToolStep[]>} steps loads the run's tool steps
   */
  constructor(t, steps) {
    this.#t = t;
    this.#steps = steps;
    this.element = element("ul", { className: "sources", hidden: true });
    this.element.setAttribute("aria-label", t("sources"));
  }

  /** @param {import("../shared/markdown.js").Source[]} sources of the answer, in order */
  show(sources) {
    if (sources.length < this.#buttons.size) this.#clear();
    for (const source of sources) {
      if (!this.#buttons.has(source.number)) this.#add(source);
    }
    this.element.hidden = sources.length === 0;
  }

  /**
   * Unfold a source's passage, focus it and scroll to it.
   *
   * @param {number} number
   */
  open(number) {
    const button = this.#buttons.get(number);
    if (button.getAttribute("aria-expanded") === "false") button.click();
    button.focus();
    button.scrollIntoView({ block: "nearest" });
  }

  #clear() {
    this.#buttons.clear();
    this.element.replaceChildren();
  }

  #add(source) {
    const { number, name } = source;
    const button = element("button", { type: "button", "aria-expanded": "false" });
    button.textContent = `${number}. ${name}`;
    const passage = element("blockquote", { hidden: true, tabIndex: 0 });
    passage.setAttribute("aria-label", this.#t("citation", { number, name }));
    button.addEventListener("click", () => {
      passage.hidden = !passage.hidden;
      button.setAttribute("aria-expanded", String(!passage.hidden));
      if (!passage.textContent) this.#fill(passage, source);
    });
    this.#buttons.set(number, button);
    this.element.append(element("li", {}, button, passage));
  }

  async #fill(passage, source) {
    passage.textContent = this.#t("loading");
    try {
      const found = citedPassage(source.mark, await this.#steps());
      passage.textContent = found?.text || this.#t("passageGone");
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      passage.textContent = this.#t("passageGone");
    }
    passage.scrollIntoView({ block: "nearest" });
  }
}
