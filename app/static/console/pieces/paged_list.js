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
      if (!page.data.length) {
        this.#options.showEmpty(this.element);
        return;
      }
      this.#list.replaceChildren(...page.data.map((item) => this.#item(item)));
      this.element.replaceChildren(this.#list, this.#more);
      this.#offerMore(page);
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      if (current === this.#current) showFailure(this.element, error, () => this.reload());
    }
  }

  /** @param {T} item */
  #item(item) {
    return el("li", {}, this.#options.row(item));
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
