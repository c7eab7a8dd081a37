/** The question whether the server may make calls, with a button for each answer. */

import { pretty } from "./calls/pieces.js";

/**
 * @typedef {import("./turn.js").Awaited} Awaited
 * @typedef {import("./language.js").Values} Values
 */

/**
 * @param {import("./turn.js").Turn} turn
 * @returns {boolean} whether the turn waits for a person, and for nothing else
 */
export function asksAPerson({ status, awaited }) {
  return status === "waiting" && awaited.length > 0 && awaited.every((call) => call.approval);
}

/** Shows a turn's calls that a person must allow. All answers are sent together. */
export class Approvals {
  #t;
  #decide;
  #buttonClass;
  #shown = "";
  /** @type {Record<string, boolean>} */
  #verdicts = {};

  /**
   * @param {object} options
   * @param {(name: string, values?: Values) => string} options.t texts
   * @param {(verdicts: Record<string, boolean>) => Promise<void>} options.decide sends the answers,
   *   by the ids of the calls
   * @param {string} options.buttonClass
   */
  constructor({ t, decide, buttonClass }) {
    this.#t = t;
    this.#decide = decide;
    this.#buttonClass = buttonClass;
    this.element = document.createElement("div");
    this.element.className = "approvals";
    this.element.setAttribute("aria-live", "polite");
    this.element.hidden = true;
  }

  /** @param {import("./turn.js").Turn} turn */
  show(turn) {
    const asks = asksAPerson(turn);
    this.element.hidden = !asks;
    const form = asks ? JSON.stringify(turn.awaited) : "";
    if (form === this.#shown) return;
    this.#shown = form;
    this.#verdicts = {};
    this.element.replaceChildren(...(asks ? turn.awaited.map((call) => this.#card(call)) : []));
  }

  /** @param {Awaited} call */
  #card(call) {
    const { operation, title, method, host } = /** @type {any} */ (call.approval);
    const card = document.createElement("div");
    card.className = "approval";
    card.setAttribute("role", "group");
    const question = this.#say("p", "approvalQuestion", { title, operation });
    question.className = "approval-question";
    const where = document.createElement("p");
    where.className = "approval-where";
    where.textContent = `${method} ${host}`;
    const shown = document.createElement("pre");
    shown.textContent = pretty(call.arguments || "{}");
    shown.tabIndex = 0;
    shown.setAttribute("aria-label", this.#t("approvalArguments"));
    shown.dataset.label = "approvalArguments";
    card.setAttribute("aria-label", question.textContent ?? "");
    const row = document.createElement("div");
    row.className = "approval-row";
    row.append(this.#button(call, true, row), this.#button(call, false, row));
    card.append(question, where, shown, row);
    return card;
  }

  /**
   * @param {Awaited} call
   * @param {boolean} allows
   * @param {HTMLElement} row
   */
  #button(call, allows, row) {
    const button = this.#say("button", allows ? "allow" : "dontAllow");
    Object.assign(button, { type: "button", className: this.#buttonClass });
    button.addEventListener("click", () => {
      this.#verdicts[call.id] = allows;
      for (const other of row.querySelectorAll("button")) other.disabled = true;
      button.setAttribute("aria-pressed", "true");
      this.#send();
    });
    return button;
  }

  async #send() {
    const cards = [...this.element.children];
    if (Object.keys(this.#verdicts).length < cards.length) {
      const open = /** @type {HTMLElement|null} */ (
        this.element.querySelector("button:not(:disabled)")
      );
      open?.focus();
      return;
    }
    const before = this.#shown;
    await this.#decide(this.#verdicts);
    // If it failed, the buttons can be pressed again.
    if (this.#shown === before) this.#shown = "";
  }

  /**
   * @param {string} tag
   * @param {string} name
   * @param {Values} [values]
   */
  #say(tag, name, values) {
    const node = document.createElement(tag);
    node.textContent = this.#t(name, values);
    // In the chat page, the language can change in place.
    node.dataset.text = name;
    if (values) node.dataset.values = JSON.stringify(values);
    return node;
  }
}
