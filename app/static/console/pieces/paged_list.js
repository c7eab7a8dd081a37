/** A list that is loaded page by page. */

import { ApiError } from "../../shared/client.js";
import { el } from "../../shell/dom.js";
import { label, say } from "../../shell/speech.js";
import { showFailure, showLoading } from "./states.js";

/**
 * @template {{id: string}} T
 * @typedef {object} ListOptions
 * @property {(after: string|null) => Promise<{data: T[], has_more: boolean, last_id: string|null}>}
 *   load gets the page after an id
 * @property {(item: T) => Node} row draws an object, as the content of an `li`
 * @property {(container: Element) => void} showEmpty
 * @property {string} label name of the list's text
 */

/**
 * @template {{id: string}} T
 */
export class PagedList {
  #options;
  #list;
  #more = el("div", { className: "list-more" });
  /** The loading that counts; an older one changes nothing any more. */
  #current = {};
  /** @type {Map<string, {written: string, item: HTMLLIElement}>} what is shown, by id */
  #shown = new Map();
  element = el("div", { className: "paged-list" });

  /** @param {ListOptions<T>} options */
  constructor(options) {
    this.#options = options;
    this.#list = label(el("ul", { className: "rows" }), options.label);
  }

  /** Load the first page. */
  async reload() {
    const current = (this.#current = {});
    showLoading(this.element);
    try {
      const page = await this.#options.load(null);
      if (current !== this.#current) return;
      this.#shown.clear();
      this.#show(page);
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      if (current === this.#current) showFailure(this.element, error, () => this.reload());
    }
  }

  /**
   * Load the first page again; what has not changed stays as it is. The focus stays in its row.
   *
   * @throws {ApiError}
   */
  async refresh() {
    const current = this.#current;
    const page = await this.#options.load(null);
    if (current !== this.#current) return;
    // After a longer pause, rows may lie between this page and those that are shown.
    const last = this.#shown.get(page.last_id ?? "")?.item;
    this.#show(page, last && page.has_more ? following(last) : []);
  }

  /**
   * @param {{data: T[], has_more: boolean, last_id: string|null}} page
   * @param {Element[]} [older] rows after it, which stay
   */
  #show(page, older = []) {
    if (!page.data.length) {
      this.#shown.clear();
      this.#options.showEmpty(this.element);
      return;
    }
    const items = [...page.data.map((item) => this.#item(item)), ...older];
    const before = this.#list.children;
    const isSame = items.length === before.length
      && items.every((item, place) => item === before[place]);
    if (isSame && this.#list.isConnected) return;
    const focus = focusIn(this.#list);
    this.#list.replaceChildren(...items);
    if (!this.#list.isConnected) this.element.replaceChildren(this.#list, this.#more);
    if (!older.length) this.#offerMore(page);
    focus?.restore();
  }

  /** @param {T} item */
  #item(item) {
    const written = JSON.stringify(item);
    const shown = this.#shown.get(item.id);
    if (shown?.written === written) return shown.item;
    const drawn = el("li", {}, this.#options.row(item));
    drawn.dataset.id = item.id;
    this.#shown.set(item.id, { written, item: drawn });
    return drawn;
  }

  /** @param {{has_more: boolean, last_id: string|null}} page */
  #offerMore({ has_more: hasMore, last_id: lastId }) {
    this.#more.replaceChildren();
    if (!hasMore) return;
    const button = el("button", { type: "button", className: "secondary" });
    button.addEventListener("click", () => this.#loadMore(lastId));
    this.#more.append(say(button, "loadMore"));
  }

  /** @param {string|null} after */
  async #loadMore(after) {
    const current = this.#current;
    showLoading(this.#more);
    try {
      const page = await this.#options.load(after);
      if (current !== this.#current) return;
      const items = page.data.map((item) => this.#item(item));
      this.#list.append(...items);
      this.#offerMore(page);
      // The pressed button is gone: the keyboard goes on at the first new row.
      items[0]?.querySelector("a")?.focus();
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      if (current === this.#current) showFailure(this.#more, error, () => this.#loadMore(after));
    }
  }
}

/** @param {Element} item */
function following(item) {
  const all = [...(item.parentElement?.children ?? [])];
  return all.slice(all.indexOf(item) + 1);
}

/**
 * Remember which control of which row has the focus.
 *
 * @param {HTMLElement} list
 */
function focusIn(list) {
  const active = document.activeElement;
  const item = active?.closest("li");
  if (!active || !item || !list.contains(item)) return null;
  const place = controls(item).indexOf(active);
  const restore = () => {
    const same = list.querySelector(`li[data-id="${CSS.escape(item.dataset.id ?? "")}"]`);
    const found = same ? (controls(same)[place] ?? controls(same)[0]) : null;
    if (found instanceof HTMLElement) found.focus();
  };
  return { restore };
}

/** @param {Element} item */
function controls(item) {
  return [...item.querySelectorAll("a, button, time")];
}
