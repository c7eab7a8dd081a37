/** The scrolling conversation: the greeting, the turns and notices. */

import { element } from "./elements.js";
import { TurnView } from "./turn_view.js";

/** Within this many pixels of the end, the list follows the growing answer. */
const NEAR = 60;

/** Draws the conversation, at most once per frame. */
export class Transcript {
  #t;
  #actions;
  #views = new Map();
  #changed = new Set();
  /** @type {number|null} */
  #frame = null;
  #follows = true;
  #older = element("div", { className: "center", hidden: true });
  #start = element("div", { className: "turn" });
  #turns = element("div", { className: "turn" });
  #notice = element("div", { className: "reply notice", hidden: true });

  /**
   * @param {(name: string, values?: import("../shared/language.js").Values) => string} t texts
   * @param {import("./turn_view.js").OwnTurnActions & {
   *   ask: (text: string) => void, showOlder: () => void}} actions
   */
  constructor(t, actions) {
    this.#t = t;
    this.#actions = { ...actions, grown: () => this.#keepUp() };
    const older = element("button", { type: "button", className: "outline" }, t("earlier"));
    older.addEventListener("click", () => actions.showOlder());
    this.#older.append(older);
    const label = { "aria-label": t("conversation"), role: "log", "aria-live": "off" };
    this.element = element("div", { className: "log", tabIndex: 0, ...label });
    this.element.append(this.#older, this.#start, this.#turns, this.#notice);
    this.element.addEventListener("scroll", () => {
      this.#follows = this.#isNearEnd();
    });
  }

  /**
   * @param {string} greeting
   * @param {string[]} suggestions
   */
  showStart(greeting, suggestions) {
    const bubble = element("div", { className: "bubble answer" }, greeting);
    const list = element("ul", { className: "suggestions", "aria-label": this.#t("suggestions") });
    for (const text of suggestions) {
      const button = element("button", { type: "button", className: "outline" }, text);
      button.addEventListener("click", () => this.#actions.ask(text));
      list.append(element("li", {}, button));
    }
    this.#start.replaceChildren(bubble, ...(suggestions.length ? [list] : []));
  }

  /**
   * Show exactly these turns.
   *
   * @param {import("../shared/turn.js").Turn[]} turns
   * @param {boolean} hasOlder
   */
  showTurns(turns, hasOlder) {
    const known = this.#views;
    this.#views = new Map(turns.map((turn) => [turn, known.get(turn) ?? this.#view(turn)]));
    this.#turns.replaceChildren(...[...this.#views.values()].map((view) => view.element));
    this.#start.hidden = turns.length > 0;
    this.#older.hidden = !hasOlder;
  }

  /** Schedule drawing a turn; a new turn is added and scrolled to. */
  update(turn) {
    if (!this.#views.has(turn)) {
      const view = this.#view(turn);
      this.#views.set(turn, view);
      this.#turns.append(view.element);
      this.#start.hidden = true;
      this.scrollToEnd();
    }
    this.#changed.add(turn);
    this.#frame ??= requestAnimationFrame(() => this.draw());
  }

  /** Draw all changed turns now. */
  draw() {
    if (this.#frame !== null) cancelAnimationFrame(this.#frame);
    this.#frame = null;
    for (const turn of this.#changed) this.#views.get(turn)?.draw();
    this.#changed.clear();
    this.#keepUp();
  }

  /** @returns {TurnView|undefined} */
  viewOf(turn) {
    return this.#views.get(turn);
  }

  /**
   * Show a problem that belongs to no turn; "" removes it.
   *
   * @param {string} text
   * @param {() => void} [retry]
   */
  showNotice(text, retry) {
    this.#notice.hidden = !text;
    const note = element("p", { className: "note error" }, text);
    this.#notice.replaceChildren(note);
    if (retry) {
      const button = element("button", { type: "button", className: "outline" }, this.#t("retry"));
      button.addEventListener("click", () => retry());
      this.#notice.append(button);
    }
    if (text) this.scrollToEnd();
  }

  /** Scroll to the newest text and follow it. */
  scrollToEnd() {
    this.#follows = true;
    this.element.scrollTop = this.element.scrollHeight;
  }

  #view(turn) {
    return new TurnView(turn, this.#t, this.#actions);
  }

  #keepUp() {
    if (this.#follows) this.scrollToEnd();
  }

  #isNearEnd() {
    const { scrollHeight, scrollTop, clientHeight } = this.element;
    return scrollHeight - scrollTop - clientHeight < NEAR;
  }
}
