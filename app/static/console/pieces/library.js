/** The documents of an assistant: files in the vector stores that it searches. */

import { storesOf, usingStore } from "../../shared/calls/registry.js";

/** @typedef {import("../../shared/api.d.ts").ApiObject} ApiObject */
/** @typedef {import("../../shared/api.d.ts").Assistant} Assistant */
/**
 * @typedef {object} Document
 * @property {string} id of the file
 * @property {string} store id of the vector store
 * @property {string} name
 * @property {number} bytes size of the file
 * @property {string} status of the file in the store: in_progress, completed, failed or cancelled
 * @property {{code: string, message: string}|null} error why it could not be read
 */
/**
 * @typedef {object} Passage
 * @property {string} name of its file
 * @property {number} score from 0 to 1
 * @property {string} text
 */

const PASSAGES = 8;

/** The documents of one assistant, on the server. */
export class Library {
  #client;
  /** @type {Assistant} */
  assistant;
  /** @type {Promise<string>|null} several uploads make one store */
  #making = null;

  /**
   * @param {import("../../shared/client.js").ApiClient} client
   * @param {Assistant} assistant
   * @param {boolean} isConfigured whether only the server's settings can change it
   */
  constructor(client, assistant, isConfigured) {
    this.#client = client;
    this.isConfigured = isConfigured;
    this.assistant = assistant;
  }

  /** @returns {string[]} */
  get stores() {
    return storesOf(this.assistant);
  }

  /**
   * @param {string} store
   * @param {string|null} after
   * @returns {Promise<{data: Document[], has_more: boolean, last_id: string|null}>}
   */
  async page(store, after) {
    const query = { limit: 25, after };
    const page = await this.#client.get(`vector_stores/${store}/files`, { query });
    // Right answers are files too, which have a list of their own.
    const files = page.data.filter(({ attributes }) => !attributes?.answer_id);
    return { ...page, data: await Promise.all(files.map((one) => this.#document(store, one))) };
  }

  /**
   * Add an uploaded file to what the assistant searches.
   *
   * @param {ApiObject} file
   * @returns {Promise<Document>}
   */
  async add(file) {
    const store = this.stores[0] ?? (await this.#makeStore());
    const body = { file_id: file.id };
    const attached = await this.#client.post(`vector_stores/${store}/files`, body);
    return documentOf(store, attached, file);
  }

  /**
   * @param {Document} document
   * @returns {Promise<Document>} as it is now
   */
  async refreshed(document) {
    const path = `vector_stores/${document.store}/files/${document.id}`;
    const { status, last_error: error } = await this.#client.get(path);
    return { ...document, status, error };
  }

  /** @param {string} fileId */
  async remove(fileId) {
    await this.#client.delete(`files/${fileId}`);
  }

  /**
   * @param {string} question
   * @param {AbortSignal} signal
   * @returns {Promise<Passage[]>} the best first
   */
  async find(question, signal) {
    const body = { query: question, max_num_results: PASSAGES };
    const pages = await Promise.all(
      this.stores.map((id) => this.#client.post(`vector_stores/${id}/search`, body, { signal })),
    );
    const found = pages.flatMap(({ data }) => data.map(passageOf));
    return found.toSorted((one, other) => other.score - one.score).slice(0, PASSAGES);
  }

  /**
   * @param {string} store
   * @param {ApiObject} attached
   */
  async #document(store, attached) {
    return documentOf(store, attached, await this.#client.get(`files/${attached.id}`));
  }

  #makeStore() {
    this.#making ??= this.#attachStore().finally(() => {
      this.#making = null;
    });
    return this.#making;
  }

  /** Make a vector store, and let the assistant search it. */
  async #attachStore() {
    // Somebody else may have given it one meanwhile.
    this.assistant = await this.#client.get(`assistants/${this.assistant.id}`);
    if (this.stores.length) return this.stores[0];
    const name = this.assistant.name || this.assistant.id;
    const store = await this.#client.post("vector_stores", { name });
    const body = usingStore(this.assistant, store.id);
    this.assistant = await this.#client.post(`assistants/${this.assistant.id}`, body);
    return store.id;
  }
}

/**
 * @param {string} store
 * @param {ApiObject} attached
 * @param {ApiObject} file
 * @returns {Document}
 */
function documentOf(store, { status, last_error: error }, { id, filename, bytes }) {
  return { id, store, name: filename, bytes, status, error };
}

/**
 * @param {ApiObject} result
 * @returns {Passage}
 */
function passageOf({ filename, score, content }) {
  return { name: filename, score, text: content.map(({ text }) => text).join("\n") };
}
