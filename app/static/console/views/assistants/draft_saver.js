/** Saves the draft a moment after the last change, one call after the other. */

import { ApiError } from "../../../shared/client.js";

const PAUSE = 700; // Milliseconds.

/**
 * @typedef {"saved"|"waiting"|"saving"|"failed"|"conflict"} SaveState
 */

/** What is saved of a draft, and by which revision. */
export class DraftSaver {
  #client;
  #path;
  #read;
  #onState;
  /** @type {ReturnType<typeof setTimeout>|undefined} */
  #timer;
  #saving = Promise.resolve();
  #last = "";
  /** @type {SaveState} */
  state = "saved";
  revision = 0;
  baseVersion = 1;

  /**
   * @param {import("../../../shared/client.js").ApiClient} client
   * @param {string} path of the draft
   * @param {{read: () => object, onState: (state: SaveState, error: ApiError|null) => void}}
   *   options `read` returns the content to save
   */
  constructor(client, path, { read, onState }) {
    this.#client = client;
    this.#path = path;
    this.#read = read;
    this.#onState = onState;
  }

  /** @param {import("../../../shared/api.d.ts").ApiObject} draft as the server has it */
  begin(draft) {
    clearTimeout(this.#timer);
    this.revision = draft.revision;
    this.baseVersion = draft.base_version;
    this.#last = JSON.stringify(this.#read());
    this.#set("saved");
  }

  /** Save soon; call it after every change. */
  changed() {
    if (this.state === "conflict") return;
    this.#set("waiting");
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.flush(), PAUSE);
  }

  /** @returns {Promise<boolean>} whether everything is saved now */
  async flush() {
    clearTimeout(this.#timer);
    this.#saving = this.#saving.then(() => this.#save());
    await this.#saving;
    return this.state === "saved";
  }

  /** Overwrite what another editor has saved. */
  async overwrite() {
    this.#set("waiting");
    const there = await this.#client.get(this.#path);
    this.revision = there.revision;
    this.#last = "";
    return this.flush();
  }

  async #save() {
    const content = this.#read();
    const written = JSON.stringify(content);
    if (this.state === "conflict" || written === this.#last) {
      if (this.state !== "conflict") this.#set("saved");
      return;
    }
    this.#set("saving");
    const { revision, baseVersion } = this;
    const base = revision ? {} : { base_version: baseVersion };
    try {
      const body = { ...content, ...base, revision };
      const response = await this.#client.fetch("PUT", this.#path, { body });
      this.revision = (await response.json()).revision;
      this.#last = written;
      // Something may have been typed meanwhile; it is saved next.
      this.#set(JSON.stringify(this.#read()) === written ? "saved" : "waiting");
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      this.#set(error.code === "draft_changed" ? "conflict" : "failed", error);
    }
  }

  /**
   * @param {SaveState} state
   * @param {ApiError|null} error
   */
  #set(state, error = null) {
    this.state = state;
    this.#onState(state, error);
  }
}
