/** One document in the list: its name, its status, and what can be done with it. */

import { errorText } from "../../../shared/language.js";
import { el, languageOf } from "../../../shell/dom.js";
import { icon } from "../../../shell/icons.js";
import { iconButton, label, say } from "../../../shell/speech.js";

/** @typedef {import("../../pieces/library.js").Document} Document */
/** @type {Record<string, string>} text by the status of a file in a vector store */
const STATUS = {
  in_progress: "documentReading",
  completed: "documentReady",
  failed: "documentFailed",
  cancelled: "documentFailed",
};
/** @type {Record<string, string>} */
const COLOURS = {
  completed: "chip chip-accent",
  failed: "chip chip-danger",
  cancelled: "chip chip-danger",
};
const UNITS = ["B", "kB", "MB", "GB"];

export class DocumentRow {
  #status = el("div", { className: "document-status" });
  #reason = el("p", { className: "document-reason" });
  #replaces = el("p", { className: "muted document-replaces", hidden: true });
  #actions = el("div", { className: "document-actions" });
  #options;
  #dismissing = new AbortController();
  /** @type {Document|null} null while it is being uploaded */
  document = null;

  /**
   * @param {Document|{name: string, bytes: number}} shown
   * @param {{mayChange: boolean, onReplace: (files: FileList) => void, onRemove: () => void}}
   *   options
   */
  constructor(shown, options) {
    this.#options = options;
    this.name = shown.name;
    this.element = el(
      "li",
      { className: "document" },
      icon("file"),
      el(
        "div",
        { className: "document-words" },
        el("p", { className: "document-name", lang: languageOf(shown.name) }, shown.name),
        el(
          "div",
          { className: "document-facts" },
          el("span", { className: "muted" }, sizeText(shown.bytes)),
          this.#status,
        ),
        this.#replaces,
        this.#reason,
      ),
      this.#actions,
    );
    if ("status" in shown) this.show(shown);
    else this.showProgress(0);
    if (options.mayChange && !("status" in shown)) this.#offerDismissal();
  }

  /** @returns {AbortSignal} aborts when the row is removed */
  get dismissed() {
    return this.#dismissing.signal;
  }

  /** @returns {Document|null} the document while the server reads it */
  get unread() {
    return this.document?.status === "in_progress" ? this.document : null;
  }

  get isReady() {
    return this.document?.status === "completed";
  }

  dismiss() {
    this.#dismissing.abort();
  }

  /** @param {number} part of the file that was sent, from 0 to 1 */
  showProgress(part) {
    let bar = this.#status.querySelector("progress");
    if (!bar) {
      bar = label(el("progress", { max: 1 }), "documentUploading", { name: this.name });
      this.#status.replaceChildren(bar);
    }
    bar.value = part;
  }

  /** @param {Document} document */
  show(document) {
    const isNew = !this.document;
    this.document = document;
    const { status, error } = document;
    this.#showStatus(STATUS[status] ?? status, COLOURS[status] ?? "chip");
    this.#reason.textContent = "";
    if (error?.code === "unsupported_file") say(this.#reason, "documentUnsupported");
    else if (error) this.#reason.textContent = error.message;
    if (isNew && this.#options.mayChange) this.#offerActions();
  }

  /** @param {import("../../../shared/client.js").ApiError} error */
  showRefused(error) {
    this.#showStatus("documentNotAdded", "chip chip-danger");
    const { name, values } = errorText(error);
    if (error.status === 413) say(this.#reason, "documentTooLarge");
    else if (error.status === 400 && error.message) this.#reason.textContent = error.message;
    else say(this.#reason, name, values);
  }

  /** @param {string|null} name of the document that this one replaces once it is ready */
  sayReplaces(name) {
    this.#replaces.hidden = name === null;
    if (name !== null) say(this.#replaces, "replacing", { name });
  }

  /**
   * @param {string} name
   * @param {string} className
   */
  #showStatus(name, className) {
    this.#status.replaceChildren(say(el("span", { className }), name));
  }

  #offerDismissal() {
    const onclick = () => this.#options.onRemove();
    this.#actions.replaceChildren(
      iconButton("close", "dismissDocument", { onclick }, { name: this.name }),
    );
  }

  #offerActions() {
    const input = el("input", { type: "file", hidden: true });
    input.addEventListener("change", () => {
      if (input.files?.length) this.#options.onReplace(input.files);
      input.value = "";
    });
    const values = { name: this.name };
    this.#actions.replaceChildren(
      iconButton("replace", "replaceDocument", { onclick: () => input.click() }, values),
      iconButton("trash", "removeDocument", { onclick: () => this.#options.onRemove() }, values),
      input,
    );
  }
}

/**
 * @param {number} bytes
 * @returns {string} such as 12.5 kB
 */
function sizeText(bytes) {
  let size = bytes;
  let unit = 0;
  while (size >= 1000 && unit < UNITS.length - 1) {
    size /= 1000;
    unit += 1;
  }
  const digits = unit === 0 || size >= 100 ? 0 : 1;
  return `${size.toFixed(digits)} ${UNITS[unit]}`;
}
