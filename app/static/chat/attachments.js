/** Files for the next message: chosen, dropped or pasted, and uploaded immediately. */

import { ApiError } from "../shared/client.js";
import { upload } from "../shared/uploading.js";
import { el } from "../shell/dom.js";
import { icon } from "../shell/icons.js";
import { notify } from "../shell/notices.js";
import { iconButton, label } from "../shell/speech.js";

/** Image types that models can see; other files are for tools. */
const IMAGES = ["image/png", "image/jpeg", "image/gif", "image/webp"];

/** The list of files for the message that is being written. */
export class Attachments {
  #list;
  #client;
  #onChange;
  #entries = new Set();

  /**
   * @param {HTMLElement} list
   * @param {import("../shared/client.js").ApiClient} client
   * @param {() => void} onChange
   */
  constructor(list, client, onChange) {
    this.#list = list;
    this.#client = client;
    this.#onChange = onChange;
    this.clear();
  }

  /** @returns {boolean} whether a file is still being uploaded */
  get uploading() {
    return [...this.#entries].some((entry) => !entry.id);
  }

  /** @returns {Array<{id: string, name: string}>} uploaded files, for the assistant's tools */
  get files() {
    return this.#ready((entry) => !entry.isImage);
  }

  /** @returns {Array<{id: string, name: string}>} uploaded images, for the model to see */
  get images() {
    return this.#ready((entry) => entry.isImage);
  }

  /** @param {Iterable<File>} files */
  add(files) {
    for (const file of files) this.#upload(file);
  }

  /** Empty the list; uploaded files stay on the server. */
  clear() {
    for (const entry of this.#entries) entry.aborting.abort();
    this.#entries.clear();
    this.#list.replaceChildren();
    this.#changed();
  }

  #ready(test) {
    const entries = [...this.#entries].filter((entry) => entry.id && test(entry));
    return entries.map(({ id, name }) => ({ id, name }));
  }

  async #upload(file) {
    const isImage = IMAGES.includes(file.type);
    const entry = { id: null, name: file.name, isImage, aborting: new AbortController() };
    const progress = label(el("progress", { max: 1, value: 0 }), "uploading", { name: file.name });
    const item = el(
      "li",
      { className: "attachment" },
      icon(entry.isImage ? "image" : "file"),
      el("span", { className: "attachment-name", title: file.name }, file.name),
      progress,
      iconButton("close", "removeFile", { onclick: () => this.#remove(entry, item) }, {
        name: file.name,
      }),
    );
    this.#entries.add(entry);
    this.#list.append(item);
    this.#changed();
    try {
      const uploaded = await upload(this.#client, file, {
        purpose: isImage ? "vision" : "assistants",
        signal: entry.aborting.signal,
        onProgress: (part) => {
          progress.value = part;
        },
      });
      entry.id = uploaded.id;
      progress.remove();
    } catch (error) {
      if (!this.#entries.has(entry)) return;
      this.#remove(entry, item);
      if (!(error instanceof ApiError)) throw error;
      notify(error.status === 413 ? "uploadTooLarge" : "uploadFailed", { name: file.name });
    }
    this.#changed();
  }

  #remove(entry, item) {
    this.#entries.delete(entry);
    entry.aborting.abort();
    item.remove();
    this.#changed();
  }

  #changed() {
    this.#list.hidden = this.#entries.size === 0;
    this.#onChange();
  }
}
