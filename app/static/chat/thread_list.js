/** The list of conversations by date, with search, renaming and deletion. */

import { ApiError } from "../shared/client.js";
import { confirm } from "../shell/dialogs.js";
import { byId, el } from "../shell/dom.js";
import { announce, notifyError } from "../shell/notices.js";
import { onLanguage, say } from "../shell/speech.js";
import { threadItem, titleOf } from "./thread_item.js";

const PAGE = 30;
// Milliseconds after the last keystroke.
const SEARCH_AFTER = 250;
// Seconds.
const DAY = 24 * 60 * 60;

/** Loads threads and draws them. */
export class ThreadList {
  #element = byId("threads");
  #search = byId("search", HTMLInputElement);
  /** @type {import("./entrance.js").ChatAccess|null} */
  #access = null;
  /** @type {import("../shared/api.d.ts").Thread[]} */
  #threads = [];
  #hasMore = false;
  #failed = false;
  /** @type {string|null} */
  #current = null;
  /** @type {ReturnType<typeof setTimeout>|undefined} */
  #timer;
  #asked = 0;
  #onDeleted;

  /** @param {{onDeleted: (threadId: string) => void}} listeners called after a deletion */
  constructor({ onDeleted }) {
    this.#onDeleted = onDeleted;
    this.#search.addEventListener("input", () => {
      clearTimeout(this.#timer);
      this.#timer = setTimeout(() => this.#load(), SEARCH_AFTER);
    });
    onLanguage(() => this.#draw());
  }

  /** @param {import("./entrance.js").ChatAccess} access */
  async open(access) {
    this.#access = access;
    this.#search.value = "";
    await this.#load();
  }

  /** Empty the list: nobody is signed in. */
  close() {
    this.#access = null;
    this.#threads = [];
    this.#element.replaceChildren();
  }

  /** @param {string|null} threadId id of the open thread */
  set current(threadId) {
    this.#current = threadId;
    this.#draw();
  }

  /**
   * @param {string} threadId
   * @returns {string|null} its title; null if the thread is not loaded
   */
  titleOf(threadId) {
    const thread = this.#threads.find((one) => one.id === threadId);
    return thread ? titleOf(thread) : null;
  }

  /** Put a new thread at the top. */
  begun(threadId, preview) {
    const createdAt = Math.floor(Date.now() / 1000);
    this.#threads.unshift({ id: threadId, created_at: createdAt, metadata: {}, preview });
    this.#draw();
  }

  get #client() {
    if (!this.#access) throw new Error("Nobody is signed in.");
    return this.#access.client;
  }

  /** @param {string|null} [after] id of the last loaded thread; without it, load the first page */
  async #load(after = null) {
    const query = { limit: PAGE, after, q: this.#search.value.trim() };
    const asked = (this.#asked += 1);
    try {
      const page = await this.#client.get("threads", { query });
      // A newer search replaced this one.
      if (asked !== this.#asked) return;
      this.#threads = after ? [...this.#threads, ...page.data] : page.data;
      this.#hasMore = page.has_more;
      this.#failed = false;
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      this.#failed = true;
    }
    this.#draw();
  }

  #draw() {
    if (!this.#access) return;
    byId("search-box").hidden = this.#failed;
    const note = this.#note();
    this.#element.replaceChildren(...this.#groups());
    if (note) this.#element.append(say(el("p", { className: "threads-note" }), note));
    if (this.#hasMore) {
      const onclick = () => this.#load(this.#threads.at(-1)?.id);
      const more = el("button", { type: "button", className: "quiet-button more", onclick });
      this.#element.append(say(more, "loadMore"));
    }
  }

  #note() {
    if (this.#failed) return "listFailed";
    if (this.#threads.length) return null;
    return this.#search.value.trim() ? "nothingFound" : "noThreads";
  }

  #groups() {
    const groups = new Map();
    for (const thread of this.#threads) {
      const name = ageOf(thread.created_at);
      if (!groups.has(name)) groups.set(name, []);
      groups.get(name).push(thread);
    }
    return [...groups].map(([name, threads]) => {
      const items = threads.map((thread) => this.#item(thread));
      return el("div", {}, say(el("h2", {}), name), el("ul", {}, ...items));
    });
  }

  #item(thread) {
    return threadItem(thread, {
      isCurrent: thread.id === this.#current,
      mayRename: Boolean(this.#access?.mayManage),
      onRename: (title) => this.#rename(thread, title),
      onDelete: () => this.#delete(thread),
    });
  }

  async #rename(thread, title) {
    const metadata = { ...thread.metadata, title };
    try {
      const changed = await this.#client.post(`threads/${thread.id}`, { metadata });
      thread.metadata = changed.metadata;
      announce("renamed");
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      notifyError(error);
    }
    this.#draw();
    /** @type {HTMLElement|null} */
    const link = this.#element.querySelector(`[href$="#${thread.id}"]`);
    link?.focus();
  }

  async #delete(thread) {
    const values = { title: titleOf(thread) };
    const names = { title: "deleteTitle", text: "deleteText", yes: "delete", values };
    if (!(await confirm(names))) return;
    try {
      await this.#client.delete(`threads/${thread.id}`);
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      if (error.status !== 404) {
        notifyError(error);
        return;
      }
    }
    this.#threads = this.#threads.filter((one) => one !== thread);
    this.#draw();
    announce("deleted");
    this.#element.focus();
    this.#onDeleted(thread.id);
  }
}

function ageOf(createdAt) {
  const midnight = new Date().setHours(0, 0, 0, 0) / 1000;
  if (createdAt >= midnight) return "today";
  if (createdAt >= midnight - DAY) return "yesterday";
  return createdAt >= midnight - 7 * DAY ? "lastWeek" : "older";
}
