/** One question and its answer. */

import { Approvals, asksAPerson } from "../shared/approvals.js";
import { StepView } from "../shared/calls/call_view.js";
import { CommentForm } from "../shared/comment_form.js";
import { fileButton } from "../shared/files.js";
import { errorText } from "../shared/language.js";
import { filesOf, sourcesOf } from "../shared/markdown.js";
import { partView } from "../shared/part_views.js";
import { pressed } from "../shared/pressing.js";
import { isSilent, isUnderWay, messagesOf, saysSomething } from "../shared/turn.js";
import { element, iconButton } from "./elements.js";
import { Footnotes } from "./footnotes.js";

/**
 * @typedef {import("../shared/turn.js").Turn} Turn
 *
 * @typedef {object} OwnTurnActions what a visitor can do with a turn
 * @property {(turn: Turn) => void} retry
 * @property {(turn: Turn, verdicts: Record<string, boolean>) => Promise<void>} decide
 * @property {(turn: Turn, rating: "up"|"down"|null, comment?: string) => Promise<void>} rate
 * @property {(turn: Turn) => Promise<import("../shared/turn.js").ToolStep[]>} steps
 * @property {() => import("../shared/files.js").FileContents} files of the conversation
 * @property {(fileId: string, name: string) => Promise<void>} saveFile
 * @property {import("../shared/language.js").Language} language
 *
 * @typedef {OwnTurnActions & {grown: () => void}} TurnActions `grown` is called after more of an
 *   answer was drawn
 */

/** @type {Array<"up"|"down">} */
const RATINGS = ["up", "down"];

/** Draws a turn and updates it as it changes. */
export class TurnView {
  #turn;
  #t;
  #actions;
  element = element("div", { className: "turn" });
  #calls = element("div", { className: "calls" });
  #steps = new Map();
  #text = element("div", { className: "texts" });
  #files = element("ul", { className: "files", hidden: true });
  #note = element("p", { className: "note" });
  #retry;
  /** @type {Record<string, HTMLButtonElement>} */
  #thumbs = {};
  #views = [];
  #waiting = [];
  #footnotes;
  #reply;
  #bubble;
  #bar;
  #speaker = element("p", { className: "speaker" });
  #comment;
  #approvals;
  /** Whether the answer was rated since it is shown. */
  #isRatedHere = false;

  /**
   * @param {import("../shared/turn.js").Turn} turn
   * @param {(name: string, values?: import("../shared/language.js").Values) => string} t texts
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
    this.#bubble.append(this.#text, this.#footnotes.element, this.#files);
    this.#text.addEventListener("click", (event) => {
      const mark = pressed(event, ".citation");
      if (mark) this.#footnotes.open(Number(mark.dataset.citation));
    });
    this.element.addEventListener("click", (event) => {
      const { file, name } = pressed(event, "[data-file]")?.dataset ?? {};
      if (file && name) actions.saveFile(file, name);
    });
    this.#reply = element("div", { className: "reply" });
    const send = (comment) => actions.rate(turn, "down", comment);
    this.#comment = new CommentForm({ t, send, buttonClass: "outline" });
    const decide = (verdicts) => actions.decide(turn, verdicts);
    this.#approvals = new Approvals({ t, decide, buttonClass: "outline" });
    const asked = [this.#calls, this.#bubble, this.#approvals.element];
    const said = [...asked, this.#note, this.#bar, this.#comment.element];
    this.#reply.append(this.#speaker, ...said);
    this.#reply.append(this.#retry);
    if (turn.question) this.element.append(this.#question(turn.question));
    this.element.append(this.#reply);
    this.draw();
  }

  /** Show the turn's current state. */
  draw() {
    const turn = this.#turn;
    this.#drawCalls();
    const said = this.#drawText();
    const working = isUnderWay(turn);
    if (!said && working) this.#text.replaceChildren(this.#thinking());
    this.#bubble.hidden = !said && !working;
    this.#approvals.show(turn);
    this.#drawSpeaker(said);
    this.#note.textContent = this.noteText();
    this.#note.hidden = !this.#note.textContent;
    this.#note.classList.toggle("error", turn.status === "failed");
    const isGone = turn.error?.status === 404;
    this.#retry.textContent = this.#t(isGone ? "newConversation" : "retry");
    this.#retry.hidden = turn.status !== "failed";
    this.#drawThumbs(said && !working && turn.status !== "failed" && !this.#person);
  }

  /** @returns {Promise<void>} resolves when everything received of the answer is drawn */
  async whenDrawn() {
    if (!this.#isDrawn) await new Promise((resolve) => this.#waiting.push(resolve));
  }

  /** @returns {string} the answer for screen readers, without citation marks and pictures */
  spokenText() {
    const copy = document.importNode(this.#text, true);
    for (const mark of copy.querySelectorAll(".citation, .picture")) mark.remove();
    return copy.textContent?.trim() ?? "";
  }

  /** @returns {string} note on the answer's state; "" for none */
  noteText() {
    const { status, error, connected, runId } = this.#turn;
    if (!connected) return this.#t("reconnecting");
    if (status === "stopped") return this.#t("stopped");
    if (status === "incomplete") return this.#t("cutOff");
    if (asksAPerson(this.#turn)) return "";
    if (status === "waiting") return this.#t("waitingHere");
    if (status === "completed" && runId && isSilent(this.#turn)) return this.#t("emptyAnswer");
    if (status !== "failed" || !error) return "";
    const { name, values } = errorText(error);
    return this.#t(name, values);
  }

  /** @param {import("../shared/turn.js").Question} question */
  #question({ text }) {
    return element("div", { className: "bubble question" }, unseen(`${this.#t("you")}: `), text);
  }

  /** @returns {string|undefined} the name of the person who wrote the answer */
  get #person() {
    return messagesOf(this.#turn).at(-1)?.metadata.person;
  }

  #drawSpeaker(said) {
    const person = this.#person;
    this.#bubble.classList.toggle("by-person", Boolean(person));
    this.#speaker.classList.toggle("unseen", !person);
    this.#speaker.textContent = person ?? `${this.#t("assistant")}: `;
    this.#speaker.hidden = !said && !isUnderWay(this.#turn);
  }

  #drawText() {
    const parts = messagesOf(this.#turn).flatMap((message) => message.parts).filter(Boolean);
    const shown = parts.filter(saysSomething);
    this.#drawFiles(isUnderWay(this.#turn) ? [] : filesOf(parts));
    if (!shown.length) {
      this.#views = [];
      this.#text.replaceChildren();
      this.#footnotes.show([]);
      return false;
    }
    const sources = sourcesOf(parts);
    this.#text.querySelector(".thinking")?.remove();
    for (const { view } of this.#views.splice(shown.length)) view.element.remove();
    shown.forEach((part, place) => {
      this.#viewOf(part, place).show(part, sources, isUnderWay(this.#turn));
    });
    this.#footnotes.show(sources);
    return true;
  }

  #viewOf(part, place) {
    const known = this.#views[place];
    if (known?.type === part.type) return known.view;
    const view = partView(part, this.#viewOptions());
    if (known) known.view.element.replaceWith(view.element);
    else this.#text.append(view.element);
    this.#views[place] = { view, type: part.type };
    return view;
  }

  #viewOptions() {
    const { files, language } = this.#actions;
    const onDrawn = () => this.#onDrawn();
    const markdown = {
      nameButton: (button, { number, name }) => {
        button.setAttribute("aria-label", this.#t("citation", { number, name }));
        button.title = name;
      },
      plainNote: () => element("p", { className: "note" }, this.#t("plainText")),
      onDrawn,
    };
    // The site's own Content-Security-Policy may forbid images from `blob:` URLs.
    const picture = { files: files(), t: this.#t, onCanvas: true, onDrawn };
    return { ...picture, markdown, brief: true, language: () => language };
  }

  #drawCalls() {
    const steps = this.#turn.items.filter((item) => item.kind === "step");
    for (const [id, view] of this.#steps) {
      if (steps.some((step) => step.id === id)) continue;
      view.element.remove();
      this.#steps.delete(id);
    }
    for (const step of steps) {
      if (!this.#steps.has(step.id)) {
        const view = new StepView(this.#viewOptions());
        this.#steps.set(step.id, view);
        this.#calls.append(view.element);
      }
      this.#steps.get(step.id).show(step);
    }
  }

  /** @param {Array<{id: string, name: string}>} files that the answer links to */
  #drawFiles(files) {
    this.#files.hidden = files.length === 0;
    const form = JSON.stringify(files);
    if (this.#files.dataset.form === form) return;
    this.#files.dataset.form = form;
    const items = files.map(({ id, name }) => element("li", {}, fileButton(id, name)));
    this.#files.setAttribute("aria-label", this.#t("files"));
    this.#files.replaceChildren(...items);
  }

  #onDrawn() {
    this.#actions.grown();
    if (!this.#isDrawn) return;
    for (const resolve of this.#waiting.splice(0)) resolve();
  }

  get #isDrawn() {
    return this.#views.every(({ view }) => view.drawn);
  }

  #thinking() {
    const dots = element("span", { className: "dots", "aria-hidden": "true" });
    for (let dot = 0; dot < 3; dot += 1) dots.append(element("i"));
    return element("div", { className: "thinking" }, dots, unseen(this.#t("thinking")));
  }

  #makeThumbs() {
    return RATINGS.map((rating) => {
      const button = iconButton(rating, this.#t(rating === "up" ? "helpful" : "notHelpful"));
      button.addEventListener("click", () => this.#rate(rating, button));
      this.#thumbs[rating] = button;
      return button;
    });
  }

  async #rate(rating, button) {
    const isPressed = button.getAttribute("aria-pressed") === "true";
    this.#isRatedHere = true;
    await this.#actions.rate(this.#turn, isPressed ? null : rating);
  }

  #drawThumbs(shown) {
    this.#bar.hidden = !shown;
    const feedback = messagesOf(this.#turn).at(-1)?.feedback ?? null;
    this.#comment.show(feedback, this.#isRatedHere);
    for (const [kind, button] of Object.entries(this.#thumbs)) {
      button.setAttribute("aria-pressed", String(feedback?.rating === kind));
    }
  }
}

function unseen(text) {
  return element("span", { className: "unseen" }, text);
}
