/** The list of an assistant's documents, and of those on their way into it. */

import { ApiError, pause } from "../../../shared/client.js";
import { upload } from "../../../shared/uploading.js";
import { confirm } from "../../../shell/dialogs.js";
import { el } from "../../../shell/dom.js";
import { label, say } from "../../../shell/speech.js";
import { attempt } from "../../pieces/attempt.js";
import { showFailure, showLoading, showNothing } from "../../pieces/states.js";
import { DocumentRow } from "./document_row.js";

/** @typedef {import("../../pieces/library.js").Document} Document */

/** Files sent at the same time; the others wait. */
const UPLOADS = 3;
/** Milliseconds until a document that is being read is looked at again. */
const POLL_MS = 1000;

export class DocumentList {
  #library;
  #context;
  #closed;
  #rows = label(el("ul", { className: "rows" }), "documents");
  #more = el("div", { className: "list-more" });
  #state = el("div");
  /** @type {Set<DocumentRow>} */
  #shown = new Set();
  /** @type {Array<() => Promise<void>>} */
  #waiting = [];
  #sending = 0;
  element = el("section", { className: "documents" });

  /**
   * @param {import("../../pieces/library.js").Library} library
   * @param {import("../../context.js").Context} context
   * @param {AbortSignal} closed
   */
  constructor(library, context, closed) {
    this.#library = library;
    this.#context = context;
    this.#closed = closed;
    this.element.append(say(el("h2"), "documents"));
    const reason = this.#readOnly();
    if (reason) this.element.append(say(el("p", { className: "muted" }), reason));
    this.element.append(this.#rows, this.#more, this.#state);
  }

  /** @returns {boolean} whether documents may be added and removed */
  get mayChange() {
    return this.#readOnly() === null;
  }

  async load() {
    this.#rows.hidden = true;
    showLoading(this.#state);
    try {
      for (const store of this.#library.stores) await this.#loadStore(store, null);
      this.#state.replaceChildren();
      this.#changed();
    } catch (error) {
      if (this.#closed.aborted) return;
      if (!(error instanceof ApiError)) throw error;
      showFailure(this.#state, error, () => this.#reload());
    }
  }

  /**
   * Upload files, and add them; `replaced` is removed once its successor is ready.
   *
   * @param {Iterable<File>} files
   * @param {DocumentRow|null} [replaced]
   */
  add(files, replaced = null) {
    for (const file of files) {
      const row = this.#newRow(null, file);
      if (replaced) row.sayReplaces(replaced.name);
      const before = replaced ? replaced.element : this.#rows.firstChild;
      this.#rows.insertBefore(row.element, before);
      this.#waiting.push(() => this.#send(row, file, replaced));
    }
    this.#changed();
    this.#sendNext();
  }

  #readOnly() {
    if (this.#library.isConfigured) return "readOnlyKnowledge";
    return this.#context.mayWrite ? null : "knowledgeReadOnlyKey";
  }

  #reload() {
    for (const row of this.#shown) if (row.document) this.#drop(row);
    this.#more.replaceChildren();
    this.load();
  }

  /**
   * @param {string} store
   * @param {string|null} after
   */
  async #loadStore(store, after) {
    const page = await this.#library.page(store, after);
    for (const document of page.data) {
      const row = this.#newRow(document, null);
      this.#rows.append(row.element);
      this.#watch(row);
    }
    if (!page.has_more) return;
    const button = el("button", { type: "button", className: "secondary" });
    button.addEventListener("click", async () => {
      button.disabled = true;
      const loaded = await attempt(this.#loadStore(store, page.last_id).then(() => true));
      if (loaded) button.remove();
      else button.disabled = false;
    });
    this.#more.append(say(button, "loadMore"));
  }

  /**
   * @param {Document|null} document
   * @param {File|null} file
   */
  #newRow(document, file) {
    const row = new DocumentRow(document ?? { name: file?.name ?? "", bytes: file?.size ?? 0 }, {
      mayChange: this.mayChange,
      onReplace: (chosen) => this.add(chosen, row),
      onRemove: () => this.#remove(row),
    });
    this.#shown.add(row);
    return row;
  }

  #sendNext() {
    while (this.#sending < UPLOADS && this.#waiting.length) {
      const send = this.#waiting.shift();
      this.#sending += 1;
      send?.().finally(() => {
        this.#sending -= 1;
        this.#sendNext();
      });
    }
  }

  /**
   * @param {DocumentRow} row
   * @param {File} file
   * @param {DocumentRow|null} replaced
   */
  async #send(row, file, replaced) {
    const signal = AbortSignal.any([this.#closed, row.dismissed]);
    if (signal.aborted) return;
    try {
      const onProgress = (/** @type {number} */ part) => row.showProgress(part);
      const uploaded = await upload(this.#context.client, file, { signal, onProgress });
      row.show(await this.#library.add(uploaded));
    } catch (error) {
      if (signal.aborted) return;
      if (!(error instanceof ApiError)) throw error;
      row.showRefused(error);
      return;
    }
    await this.#watch(row);
    if (row.isReady && replaced?.document) {
      const gone = await attempt(this.#library.remove(replaced.document.id).then(() => true));
      if (gone) this.#drop(replaced);
      row.sayReplaces(null);
    }
  }

  /**
   * Follow a document until it has been read.
   *
   * @param {DocumentRow} row
   */
  async #watch(row) {
    const signal = AbortSignal.any([this.#closed, row.dismissed]);
    for (let unread = row.unread; unread; unread = row.unread) {
      try {
        await pause(POLL_MS, signal);
        row.show(await this.#library.refreshed(unread));
      } catch (error) {
        if (signal.aborted) return;
        if (!(error instanceof ApiError)) throw error;
        if (error.status === 404) {
          this.#drop(row);
          return;
        }
        // The server may be restarting: the next look will tell.
      }
      if (row.isReady) {
        this.#context.notices.announce("documentAddedAll", { name: row.name });
      }
    }
  }

  /** @param {DocumentRow} row */
  async #remove(row) {
    const { document } = row;
    if (!document) {
      this.#drop(row);
      return;
    }
    const values = { name: row.name };
    const text = { title: "removeDocumentTitle", text: "removeDocumentText", yes: "remove" };
    if (!(await confirm({ ...text, values }))) return;
    if (await attempt(this.#library.remove(document.id).then(() => true))) this.#drop(row);
  }

  /** @param {DocumentRow} row */
  #drop(row) {
    const next = row.element.nextElementSibling ?? row.element.previousElementSibling;
    const hadFocus = row.element.contains(document.activeElement)
      || document.activeElement === document.body;
    row.dismiss();
    this.#shown.delete(row);
    row.element.remove();
    this.#changed();
    if (hadFocus) next?.querySelector("button")?.focus();
  }

  #changed() {
    this.#rows.hidden = this.#shown.size === 0;
    if (this.#shown.size) this.#state.replaceChildren();
    else showNothing(this.#state, { symbol: "file", title: "noDocuments", text: "noDocumentsText" });
  }
}
