/** Browser sessions: a token for visitors who have no key. */

import { ApiClient, ApiError, noCredential } from "./client.js";

/** A credential that gets a token when it is first needed, and a new one when that has expired. */
export class SessionCredential {
  #client;
  #storage;
  #name;
  #session;
  /** @type {Promise<void>|null} */
  #pending = null;

  /**
   * @param {string|URL} base base URL of the API
   * @param {import("./storage.js").Kept} storage stores the session, so that its threads are
   *   still accessible after a reload
   * @param {string} name storage name of the session
   */
  constructor(base, storage, name = "threadkeeper.session") {
    this.#client = new ApiClient(base, noCredential);
    this.#storage = storage;
    this.#name = name;
    this.#session = storage.get(name);
  }

  /**
   * @returns {Promise<import("./api.d.ts").Assistant[]>} assistants that this session may use, the
   *   default one first
   */
  async assistants() {
    // Always fetched: the list may have changed since the token was issued.
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

  /** Concurrent calls share one exchange. */
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
      // Expired, or the server's secret has changed: start a new session.
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
