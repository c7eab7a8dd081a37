/** The operations of an action's document, to choose those that are offered. */

import { el } from "../../../shell/dom.js";
import { label, say, words } from "../../../shell/speech.js";
import { chip } from "../../pieces/facts.js";
import { actionButton } from "../../pieces/view_head.js";

/** @typedef {import("./types.js").Operation} Operation */

// Without a search field, a few are found as quickly.
const FEW = 8;

export class OperationChoice {
  /** @type {Map<string, HTMLInputElement>} */
  #boxes = new Map();
  #rows = label(el("ul", { className: "operations" }), "operations");
  #count = el("p", { className: "muted", role: "status" });
  #isAll;

  /**
   * @param {Operation[]} operations
   * @param {string[]|null} chosen null: all
   * @param {boolean} mayChange
   */
  constructor(operations, chosen, mayChange) {
    this.#isAll = chosen === null;
    for (const operation of operations) this.#rows.append(this.#row(operation, mayChange));
    const search = label(el("input", { type: "search", className: "control" }), "findOperation");
    search.placeholder = words("findOperation");
    search.addEventListener("input", () => this.#filter(search.value));
    const bar = el("div", { className: "operations-bar" },
      operations.length > FEW ? search : null,
      mayChange ? actionButton("secondary", "chooseAll", () => this.#all(true)) : null,
      mayChange ? actionButton("secondary", "chooseNone", () => this.#all(false)) : null);
    this.#rows.addEventListener("change", () => this.#showCount());
    this.#showCount();
    this.element = el("div", { className: "operation-choice" }, bar, this.#count, this.#rows);
  }

  /** @returns {string[]|null} names; null: all, also those of a later document */
  read() {
    const boxes = [...this.#boxes].filter(([, { disabled }]) => !disabled);
    const chosen = boxes.filter(([, { checked }]) => checked).map(([name]) => name);
    return this.#isAll && chosen.length === boxes.length ? null : chosen;
  }

  /**
   * @param {Operation} operation
   * @param {boolean} mayChange
   */
  #row(operation, mayChange) {
    const { name, method, path, offered, asks, problem } = operation;
    const box = el("input", { type: "checkbox", checked: offered, id: `operation-${name}` });
    box.disabled = problem !== null || !mayChange;
    if (problem === null) this.#boxes.set(name, box);
    const described = operation.function?.description ?? "";
    const where = el("code", { className: "operation-path" }, `${method} ${path}`);
    const item = el("li", { className: "operation" }, box, el("label", { htmlFor: box.id }, name),
      asks ? chip("chip-accent", "asksFirst") : null, where);
    if (described) item.append(el("p", { className: "hint", lang: "" }, described));
    if (problem) item.append(say(el("p", { className: "hint problem" }), "operationProblem", { problem }));
    return item;
  }

  /** @param {string} text */
  #filter(text) {
    const wanted = text.trim().toLowerCase();
    for (const item of this.#rows.children) {
      const shown = /** @type {HTMLElement} */ (item);
      shown.hidden = !shown.textContent?.toLowerCase().includes(wanted);
    }
  }

  /** @param {boolean} checked */
  #all(checked) {
    for (const box of this.#boxes.values()) {
      if (!box.disabled && !box.closest("li")?.hidden) box.checked = checked;
    }
    this.#showCount();
  }

  #showCount() {
    const boxes = [...this.#boxes.values()];
    const count = boxes.filter(({ checked }) => checked).length;
    say(this.#count, "operationCount", { count, all: this.#rows.children.length });
  }
}
