/** Browser sessions: a token for visitors who have no key. */

import { ApiClient, ApiError, noCredential } from "./client.js";

/** A credential that makes its token when it is first needed, and exchanges it when it is over. */
export class SessionCredential {
  #client;
  #storage;
  #name;
  #session;
  /** @type {Promise<void>|null} */
  #pending = null;

  /**
   * @param {string|URL} base the API's base URL
   * @param {import("./storage.js").Kept} storage keeps the session (see
   *   `storage.js`), so that its threads are there again after a reload
   * @param {string} name under which it is kept
   */
  constructor(base, storage, name = "threadkeeper.session") {
    this.#client = new ApiClient(base, noCredential);
    this.#storage = storage;
    this.#name = name;
    this.#session = storage.get(name);
  }

  /**
   * @returns {Promise<import("./api.d.ts").Assistant[]>} those that this session may use, the
   *   default one first
   */
  async assistants() {
    // Asked for anew, for the list may have changed since the token was made.
    await this.#begin();
    return this.#session.assistants ?? [];
  }

  async authorization() {
    if (!this.#session) await this.#begin();
    return `Bearer ${this.#session.token}`;
  }

  async renew() {
    await this.#begin();
    return true;
  }

  /** Calls that come at once share one exchange. */
  #begin() {
    this.#pending ??= this.#exchange().finally(() => {
      this.#pending = null;
    });
    return this.#pending;
  }

  async #exchange() {
    const old = this.#session?.token;
    try {
      this.#session = await this.#create(old);
    } catch (error) {
      const refused = error instanceof ApiError && error.status === 401;
      if (!old || !refused) throw error;
      // Too old, or made by a server that has another secret by now: begin anew.
      this.#storage.remove(this.#name);
      this.#session = await this.#create(null);
    }
    this.#storage.set(this.#name, this.#session);
  }

  async #create(token) {
    /** @type {Record<string, string>} */
    const headers = token ? { authorization: `Bearer ${token}` } : {};
    return (await this.#client.fetch("POST", "chat/sessions", { body: {}, headers })).json();
  }
}
