/** One question and its answer, as the visitor sees them. */

import { errorText } from "../shared/language.js";
import { sourcesOf } from "../shared/markdown.js";
import { MarkdownView } from "../shared/markdown_view.js";
import { isSilent, isUnderWay, messagesOf } from "../shared/turn.js";
import { element, iconButton } from "./elements.js";
import { Footnotes } from "./footnotes.js";

/**
 * @typedef {object} TurnActions what a visitor may do with a turn
 * @property {function(import("../shared/turn.js").Turn): void} retry
 * @property {function(import("../shared/turn.js").Turn, "up"|"down"|null): Promise<void>} rate
 * @property {function(import("../shared/turn.js").Turn): Promise<object[]>} steps
 * @property {function(): void} grown called after more of an answer was drawn
 */

/** Draws a turn, again and again as it changes. */
export class TurnView {
  #turn;
  #t;
  #actions;
  #text = element("div", { className: "texts" });
  #note = element("p", { className: "note" });
  #retry;
  #thumbs = {};
  #views = [];
  #waiting = [];
  #footnotes;
  #reply;
  #bubble;
  #bar;

  /**
   * @param {import("../shared/turn.js").Turn} turn
   * @param {function} t texts
   * @param {TurnActions} actions
   */
  constructor(turn, t, actions) {
    this.#turn = turn;
    this.#t = t;
    this.#actions = actions;
    this.#footnotes = new Footnotes(t, () => actions.steps(turn));
    this.#retry = element("button", { type: "button", className: "outline again", hidden: true });
    this.#retry.addEventListener("click", () => actions.retry(turn));
    this.#bar = element("div", { className: "actions" }, ...this.#makeThumbs());
    this.#bubble = element("div", { className: "bubble answer" });
    this.#bubble.append(this.#text, this.#footnotes.element);
    this.#text.addEventListener("click", (event) => {
      const mark = event.target.closest(".citation");
      if (mark) this.#footnotes.open(Number(mark.dataset.citation));
    });
    this.#reply = element("div", { className: "reply" });
    this.#reply.append(unseen(`${t("assistant")}: `), this.#bubble, this.#note, this.#bar);
    this.#reply.append(this.#retry);
    this.element = element("div", { className: "turn" });
    if (turn.question) this.element.append(this.#question());
    this.element.append(this.#reply);
    this.draw();
  }

  /** Show the turn as it is now. */
  draw() {
    const turn = this.#turn;
    const said = this.#drawText();
    const working = isUnderWay(turn);
    if (!said && working) this.#text.replaceChildren(this.#thinking());
    this.#bubble.hidden = !said && !working;
    this.#note.textContent = this.noteText();
    this.#note.hidden = !this.#note.textContent;
    this.#note.classList.toggle("error", turn.status === "failed");
    const isGone = turn.error?.status === 404;
    this.#retry.textContent = this.#t(isGone ? "newConversation" : "retry");
    this.#retry.hidden = turn.status !== "failed";
    this.#drawThumbs(said && !working && turn.status !== "failed");
  }

  /** @returns {Promise<void>} when all that is known of the answer is shown */
  async whenDrawn() {
    if (!this.#isDrawn) await new Promise((tell) => this.#waiting.push(tell));
  }

  /** @returns {string} the answer as it can be read out, without its footnote marks */
  spokenText() {
    const copy = this.#text.cloneNode(true);
    for (const mark of copy.querySelectorAll(".citation")) mark.remove();
    return copy.textContent.trim();
  }

  /** @returns {string} what is to be said about the answer besides its text; "" for nothing */
  noteText() {
    const { status, error, connected, runId } = this.#turn;
    if (!connected) return this.#t("reconnecting");
    if (status === "stopped") return this.#t("stopped");
    if (status === "incomplete") return this.#t("cutOff");
    if (status === "waiting") return this.#t("waitingHere");
    if (status === "completed" && runId && isSilent(this.#turn)) return this.#t("emptyAnswer");
    if (status !== "failed") return "";
    const { name, values } = errorText(error);
    return this.#t(name, values);
  }

  #question() {
    const { text } = this.#turn.question;
    return element("div", { className: "bubble question" }, unseen(`${this.#t("you")}: `), text);
  }

  #drawText() {
    const parts = messagesOf(this.#turn).flatMap((message) => message.parts).filter(Boolean);
    const shown = parts.filter((part) => part.value);
    if (!shown.length) {
      this.#views = [];
      this.#text.replaceChildren();
      this.#footnotes.show([]);
      return false;
    }
    const sources = sourcesOf(parts);
    // Not the dots of "thinking", nor texts of a try that was given up.
    for (const child of [...this.#text.children]) {
      if (!child.matches(".markdown")) child.remove();
    }
    for (const { element: box } of this.#views.splice(shown.length)) box.remove();
    shown.forEach((part, place) => {
      this.#views[place] ??= this.#newView();
      this.#text.append(this.#views[place].element);
      this.#views[place].show(part, sources, isUnderWay(this.#turn));
    });
    this.#footnotes.show(sources);
    return true;
  }

  #newView() {
    return new MarkdownView({
      nameButton: (button, { number, name }) => {
        button.setAttribute("aria-label", this.#t("citation", { number, name }));
        button.title = name;
      },
      plainNote: () => element("p", { className: "note" }, this.#t("plainText")),
      onDrawn: () => this.#onDrawn(),
    });
  }

  #onDrawn() {
    this.#actions.grown();
    if (!this.#isDrawn) return;
    for (const tell of this.#waiting.splice(0)) tell();
  }

  get #isDrawn() {
    return this.#views.every((view) => view.drawn);
  }

  #thinking() {
    const dots = element("span", { className: "dots", "aria-hidden": "true" });
    for (let dot = 0; dot < 3; dot += 1) dots.append(element("i"));
    return element("div", { className: "thinking" }, dots, unseen(this.#t("thinking")));
  }

  #makeThumbs() {
    return ["up", "down"].map((rating) => {
      const button = iconButton(rating, this.#t(rating === "up" ? "helpful" : "notHelpful"));
      button.addEventListener("click", () => this.#rate(rating, button));
      this.#thumbs[rating] = button;
      return button;
    });
  }

  async #rate(rating, button) {
    const isTakenBack = button.getAttribute("aria-pressed") === "true";
    await this.#actions.rate(this.#turn, isTakenBack ? null : rating);
  }

  #drawThumbs(shown) {
    this.#bar.hidden = !shown;
    const rating = messagesOf(this.#turn).at(-1)?.metadata.rating;
    for (const [kind, button] of Object.entries(this.#thumbs)) {
      button.setAttribute("aria-pressed", String(rating === kind));
    }
  }
}

function unseen(text) {
  return element("span", { className: "unseen" }, text);
}
