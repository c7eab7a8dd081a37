/** The turns of a conversation, drawn at most once per frame however many events arrive. */

import { answerText, isUnderWay } from "../shared/turn.js";
import { byId, el } from "../shell/dom.js";
import { announce } from "../shell/notices.js";
import { say } from "../shell/speech.js";
import { AnswerView } from "./answer_view.js";
import { copyOnPress } from "./code_blocks.js";
import { QuestionView } from "./question_view.js";

/** Within this many pixels of the end, the view follows the growing answer. */
const NEAR = 80;
/** Screen readers announce at most this many characters of an answer. */
const LONGEST_READ = 2000;

/** Draws turns, and keeps the newest text in view if the reader is at the end. */
export class Transcript {
  #section = byId("transcript");
  #scroller = byId("scroller");
  #jump = byId("jump");
  #views = new Map();
  #waiting = new Set();
  #follows = true;
  #growing = false;
  /** @type {boolean|null} */
  #isFree = null;
  #options;
  /** @type {import("../shared/conversation.js").Conversation|null} */
  #conversation = null;

  /**
   * @param {{nameOf: (fileId: string) => Promise<string|null>,
   *   assistantName: (assistantId: string|null) => string,
   *   listeners: Omit<import("./answer_view.js").TurnListeners, "files"|"grown">,
   *   loadOlder: () => void}} options
   */
  constructor(options) {
    this.#options = options;
    this.#scroller.addEventListener("scroll", () => {
      const { scrollHeight, scrollTop, clientHeight } = this.#scroller;
      this.#follows = scrollHeight - scrollTop - clientHeight < NEAR;
      this.#jump.hidden = this.#follows;
    });
    this.#jump.addEventListener("click", () => this.toEnd());
    copyOnPress(this.#section);
  }

  /**
   * Draw a whole conversation.
   *
   * @param {import("../shared/conversation.js").Conversation} conversation
   */
  show(conversation) {
    this.hide();
    this.#conversation = conversation;
    this.#section.hidden = false;
    if (conversation.olderThan) this.#offerOlder();
    for (const turn of conversation.turns) this.#draw(turn);
    this.toEnd();
  }

  /** @param {import("../shared/turn.js").Turn} turn that changed */
  changed(turn) {
    const view = this.#views.get(turn);
    const ended = view?.underWay && !isUnderWay(turn);
    if (ended) {
      view.underWay = false;
      if (turn.status === "completed") announceAnswer(turn);
    }
    if (!view || ended) {
      // Draw now: a background page never gets a next frame.
      this.#draw(turn);
      if (!view) {
        announce("answering");
        this.toEnd();
      }
      return;
    }
    if (isUnderWay(turn)) view.underWay = true;
    this.#waiting.add(turn);
    if (this.#waiting.size === 1) requestAnimationFrame(() => this.#drawWaiting());
  }

  /** Scroll to the newest text and follow it. */
  toEnd() {
    this.#follows = true;
    this.#jump.hidden = true;
    this.#scroller.scrollTop = this.#scroller.scrollHeight;
  }

  /** Draw everything again, e.g. after a change of language. */
  redraw() {
    for (const turn of this.#views.keys()) this.#draw(turn);
  }

  /** Hide the section, and remove everything of the last conversation from the page. */
  hide() {
    this.#conversation = null;
    this.#views.clear();
    this.#waiting.clear();
    this.#isFree = null;
    this.#section.replaceChildren();
    this.#section.hidden = true;
    this.#jump.hidden = true;
  }

  #drawWaiting() {
    const turns = [...this.#waiting];
    this.#waiting.clear();
    for (const turn of turns) if (this.#views.has(turn)) this.#draw(turn);
  }

  /** Follow the growing answer, once for everything drawn in this task. */
  #grown() {
    if (this.#growing) return;
    this.#growing = true;
    queueMicrotask(() => {
      this.#growing = false;
      this.#keepUp();
    });
  }

  #keepUp() {
    if (this.#follows) this.#scroller.scrollTop = this.#scroller.scrollHeight;
  }

  #draw(turn) {
    if (!this.#conversation) return;
    const isNew = !this.#views.has(turn);
    const view = this.#views.get(turn) ?? this.#add(turn, this.#conversation);
    const { turns } = this.#conversation;
    const last = turns.at(-1);
    view.answer.show(turn === last);
    view.underWay = isUnderWay(turn);
    this.#offerEdits(turns);
    // Only the last turn can be regenerated: the turn before it loses that button.
    const before = turns.at(-2);
    if (isNew && turn === last && this.#views.has(before)) {
      this.#views.get(before).answer.show(false);
    }
    this.#keepUp();
  }

  #add(turn, { files }) {
    const name = this.#options.assistantName(turn.assistantId);
    const listeners = { ...this.#options.listeners, files, grown: () => this.#grown() };
    const answer = new AnswerView(turn, name, listeners);
    const element = el("div", { className: "turn" });
    const { nameOf } = this.#options;
    const options = { nameOf, edit: listeners.edit };
    const question = turn.question ? new QuestionView(turn, turn.question, options) : null;
    element.append(...(question ? [question.element] : []), answer.element);
    this.#section.append(element);
    const view = { answer, question, element, underWay: isUnderWay(turn) };
    this.#views.set(turn, view);
    return view;
  }

  /** While a run is active, the thread's messages can't be edited. */
  #offerEdits(turns) {
    const isFree = !turns.some((turn) => isUnderWay(turn) || turn.status === "waiting");
    if (isFree === this.#isFree && !isFree) return;
    this.#isFree = isFree;
    for (const [turn, { question }] of this.#views) question?.show(isFree && turn.stored);
  }

  #offerOlder() {
    const button = el("button", {
      type: "button",
      className: "secondary older",
      onclick: () => this.#options.loadOlder(),
    });
    const note = say(el("p", { className: "note only-print" }), "notLoaded");
    this.#section.append(say(button, "loadOlder"), note);
  }
}

/** Announce a finished answer to screen readers. */
function announceAnswer(turn) {
  announce("answerReady", { text: answerText(turn).slice(0, LONGEST_READ) });
}
