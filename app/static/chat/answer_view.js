/** One answer: its text as it streams in, tool steps, sources, files and actions. */

import { Approvals } from "../shared/approvals.js";
import { StepView } from "../shared/calls/call_view.js";
import { CommentForm } from "../shared/comment_form.js";
import { filesOf, sourcesOf } from "../shared/markdown.js";
import { pressed } from "../shared/pressing.js";
import { isUnderWay, messagesOf } from "../shared/turn.js";
import { el } from "../shell/dom.js";
import { saveFile } from "../shell/downloads.js";
import { icon } from "../shell/icons.js";
import { currentLanguage, say, words } from "../shell/speech.js";
import { timeOf } from "../shell/times.js";
import { actionsOf } from "./answer_actions.js";
import { codeFrame } from "./code_blocks.js";
import { MessageView } from "./message_view.js";
import { stateOf } from "./turn_state.js";

/**
 * @typedef {import("../shared/turn.js").Turn} Turn
 * @typedef {import("../shared/markdown.js").Source} Source
 *
 * @typedef {object} TurnListeners what the reader can do with a turn
 * @property {(turn: Turn) => void} retry
 * @property {(turn: Turn) => void} check
 * @property {(turn: Turn, verdicts: Record<string, boolean>) => Promise<void>} decide
 * @property {(turn: Turn) => Promise<void>} loadSteps
 * @property {(turn: Turn, rating: "up"|"down"|null, comment?: string) => Promise<void>} rate
 * @property {(turn: Turn, source: Source) => void} openSource
 * @property {import("../shared/files.js").FileContents} files
 * @property {(turn: Turn, text: string) => Promise<boolean>} edit replaces the turn's question and
 *   sends it again; false if that was cancelled or failed
 * @property {() => boolean} seesDetails whether the reader may see details meant for operators
 * @property {() => void} grown called after more of an answer was drawn
 */

/** Draws the answer of a turn. */
export class AnswerView {
  #turn;
  #listeners;
  #items = new Map();
  /** Who speaks: the assistant, or a person in its place. */
  #speaker = el("span");
  #name;
  #time = el("div", { className: "answer-time" });
  #body = el("div", { className: "answer-body" });
  #state = el("div", { className: "answer-state" });
  #sources = el("div", { className: "sources" });
  #files = el("div", { className: "sources" });
  #actions = el("div", { className: "actions" });
  #comment;
  #approvals;
  /** Whether the answer was rated since it is shown. */
  #isRatedHere = false;
  #shown = "";

  /**
   * @param {import("../shared/turn.js").Turn} turn
   * @param {string} name name of the assistant
   * @param {TurnListeners} listeners
   */
  constructor(turn, name, listeners) {
    this.#turn = turn;
    const rate = async (of, rating, comment) => {
      this.#isRatedHere = true;
      await listeners.rate(of, rating, comment);
    };
    this.#listeners = { ...listeners, rate };
    const send = (text) => listeners.rate(turn, "down", text);
    this.#comment = new CommentForm({ t: words, send, buttonClass: "secondary" });
    const avatar = el("span", { className: "avatar" }, icon("logo"));
    this.#name = name;
    const who = el("h2", { className: "who" }, avatar, this.#speaker);
    this.element = el("article", { className: "answer" }, who, this.#time, this.#body);
    const decide = (verdicts) => listeners.decide(turn, verdicts);
    this.#approvals = new Approvals({ t: words, decide, buttonClass: "secondary" });
    this.element.append(this.#approvals.element);
    this.element.append(this.#state, this.#sources, this.#files, this.#actions);
    this.element.append(this.#comment.element);
    this.element.addEventListener("click", (event) => {
      this.#openCited(event);
      this.#saveFile(event);
    });
  }

  /**
   * @param {boolean} isLast whether this is the last turn, which can be regenerated or retried
   */
  show(isLast) {
    const turn = this.#turn;
    const underWay = isUnderWay(turn);
    this.element.classList.toggle("under-way", underWay);
    // No run has answered this question yet.
    this.element.hidden = turn.status === "completed" && !turn.items.length && !turn.runId;
    this.#speaker.textContent = messagesOf(turn).at(-1)?.metadata.person ?? this.#name;
    this.#showTime();
    this.#showItems();
    this.#showBusy();
    this.#state.replaceChildren(...stateOf(turn, isLast, this.#listeners));
    this.#approvals.show(turn);
    // Unchanged buttons are not drawn again, so that a pressed button keeps the focus.
    this.#comment.show(messagesOf(turn).at(-1)?.feedback ?? null, this.#isRatedHere);
    const said = messagesOf(turn).map(({ id, feedback, parts }) => [id, feedback, parts.length]);
    const form = JSON.stringify([underWay, isLast, turn.status, said, turn.mayHaveSteps]);
    if (form === this.#shown) return;
    this.#shown = form;
    this.#sources.replaceChildren(...(underWay ? [] : this.#sourceChips()));
    this.#files.replaceChildren(...(underWay ? [] : this.#fileChips()));
    const actions = underWay ? [] : actionsOf(turn, isLast, this.#listeners);
    keepFocus(this.#actions, actions);
  }

  #showTime() {
    const at = messagesOf(this.#turn).at(-1)?.createdAt;
    if (this.#time.firstChild || !at) return;
    this.#time.append(timeOf(at) ?? "");
  }

  #showItems() {
    const sources = this.#allSources();
    const elements = [];
    for (const item of this.#turn.items) {
      const view = this.#viewOf(item);
      if (item.kind === "step") view.show(item);
      else view.show(item, sources, isUnderWay(this.#turn));
      elements.push(view.element);
    }
    for (const [id, view] of this.#items) {
      if (elements.includes(view.element)) continue;
      view.element.remove();
      this.#items.delete(id);
    }
    elements.forEach((element, place) => {
      const here = this.#body.children[place];
      if (here !== element) this.#body.insertBefore(element, here ?? null);
    });
  }

  #viewOf(item) {
    if (!this.#items.has(item.id)) {
      this.#items.set(item.id, item.kind === "step" ? this.#newStep() : this.#newMessage());
    }
    return this.#items.get(item.id);
  }

  #newStep() {
    const { files, grown } = this.#listeners;
    const texts = { t: words, language: currentLanguage };
    return new StepView({ files, ...texts, frame: codeFrame, onDrawn: grown });
  }

  #newMessage() {
    return new MessageView(this.#listeners.files, () => this.#onDrawn());
  }

  #onDrawn() {
    this.#showBusy();
    this.#listeners.grown();
  }

  /** An answer is busy while more of it may arrive or has yet to be drawn. */
  #showBusy() {
    const drawing = [...this.#items.values()].some((view) => view.drawn === false);
    this.element.setAttribute("aria-busy", String(drawing || isUnderWay(this.#turn)));
  }

  #allSources() {
    return sourcesOf(messagesOf(this.#turn).flatMap((message) => message.parts));
  }

  #allFiles() {
    return filesOf(messagesOf(this.#turn).flatMap((message) => message.parts));
  }

  #fileChips() {
    const chips = this.#allFiles().map(({ id, name }) => {
      const properties = { type: "button", className: "source-chip", "data-file": id };
      return el("button", { ...properties, "data-name": name }, icon("download"), name);
    });
    return chips.length ? [say(el("h3", {}), "files"), ...chips] : [];
  }

  #saveFile(event) {
    const { file, name } = pressed(event, "[data-file]")?.dataset ?? {};
    if (file && name) saveFile(this.#listeners.files, file, name);
  }

  #sourceChips() {
    const sources = this.#allSources();
    if (!sources.length) return [];
    const chips = sources.map((source) =>
      el(
        "button",
        { type: "button", className: "source-chip", "data-citation": String(source.number) },
        el("span", { className: "source-number" }, String(source.number)),
        source.name,
      ),
    );
    return [say(el("h3", {}), "sources"), ...chips];
  }

  #openCited(event) {
    const button = pressed(event, "[data-citation]");
    if (!button) return;
    const source = this.#allSources()[Number(button.dataset.citation) - 1];
    if (source) this.#listeners.openSource(this.#turn, source);
  }
}

function keepFocus(element, next) {
  const { activeElement } = document;
  const hadFocus = activeElement instanceof HTMLElement && element.contains(activeElement);
  const focused = hadFocus ? activeElement.dataset.action : null;
  element.replaceChildren(...next);
  next.find(({ dataset }) => dataset.action === focused)?.focus();
}
