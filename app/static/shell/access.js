/** How a page gets access to the API: without a key, with a key, or as a visitor. */

import { ApiClient, ApiError, keyCredential, noCredential } from "../shared/client.js";
import { tabStorage } from "../shared/storage.js";

/**
 * @typedef {{mode: "open"|"keys", public_chat: boolean, default_assistant_id: string|null}} Terms
 *   response of `GET /access`
 */
/**
 * @template T
 * @typedef {object} Access
 * @property {"open"|"key"|"session"} kind
 * @property {ApiClient} client
 * @property {T} loaded what `load` or `asVisitor` returned
 */
/**
 * @template T
 * @typedef {object} DoorOptions
 * @property {URL} base URL of the API
 * @property {(client: ApiClient, terms: Terms) => Promise<T>} load makes the page's first call,
 *   which also checks the key
 * @property {() => void} onRefused called if the server refuses a key that it accepted before
 * @property {() => Promise<{client: ApiClient, loaded: T}>} [asVisitor] opens a visitor's session
 *   if the server has a public chat. A page without it, such as an operator's, always needs a key.
 * @property {string} [keyName] storage name of this page's key
 */

/** @type {Terms} A server without `GET /access` is open. */
const OPEN = { mode: "open", public_chat: false, default_assistant_id: null };

/**
 * Gets access for one page, and keeps its key until the tab is closed.
 *
 * @template T
 */
export class Door {
  #options;
  #keyName;

  /** @param {DoorOptions<T>} options */
  constructor(options) {
    this.#options = options;
    this.#keyName = options.keyName ?? "threadkeeper.key";
  }

  /**
   * @returns {Promise<Access<T>|null>} null if the page must ask for a key
   * @throws {ApiError}
   */
  async enter() {
    const { base, load, asVisitor } = this.#options;
    const terms = await this.#terms();
    if (terms.mode === "open") {
      const client = new ApiClient(base, noCredential);
      return { kind: "open", client, loaded: await load(client, terms) };
    }
    const key = tabStorage.get(this.#keyName);
    if (key) return this.#withKey(key, terms);
    if (!asVisitor || !terms.public_chat) return null;
    return { kind: "session", ...(await asVisitor()) };
  }

  /**
   * Keep a key if the server accepts it.
   *
   * @param {string} key
   * @returns {Promise<boolean>} false if the server refuses it
   * @throws {ApiError} for any other failure
   */
  async takeKey(key) {
    const { base, load } = this.#options;
    const terms = await this.#terms();
    try {
      await load(new ApiClient(base, keyCredential(key)), terms);
    } catch (error) {
      if (error instanceof ApiError && error.status === 401) return false;
      throw error;
    }
    tabStorage.set(this.#keyName, key);
    return true;
  }

  /** @returns {boolean} whether a key is stored */
  get hasKey() {
    return tabStorage.get(this.#keyName) !== null;
  }

  forgetKey() {
    tabStorage.remove(this.#keyName);
  }

  /**
   * @returns {Promise<boolean>} whether people may use this page without a key
   * @throws {ApiError}
   */
  async admitsVisitors() {
    return Boolean(this.#options.asVisitor) && (await this.#terms()).public_chat;
  }

  /** @returns {Promise<Terms>} */
  async #terms() {
    try {
      return await new ApiClient(this.#options.base).get("access");
    } catch (error) {
      if (error instanceof ApiError && error.status === 404) return OPEN;
      throw error;
    }
  }

  /**
   * @param {string} key
   * @param {Terms} terms
   * @returns {Promise<Access<T>|null>}
   */
  async #withKey(key, terms) {
    const { base, load, onRefused } = this.#options;
    let isIn = false;
    const renew = async () => {
      this.forgetKey();
      if (isIn) onRefused();
      return false;
    };
    const client = new ApiClient(base, { ...keyCredential(key), renew });
    try {
      const loaded = await load(client, terms);
      isIn = true;
      return { kind: "key", client, loaded };
    } catch (error) {
      if (error instanceof ApiError && error.status === 401) return null;
      throw error;
    }
  }
}
