/** Browser sessions: a token for visitors who have no key. */

import { ApiClient, ApiError, noCredential } from "./client.js";

/** A credential that gets a token when it is first needed, and a new one when that has expired. */
export class SessionCredential {
  #client;
  #storage;
  #name;
  #session;
  #user;
  #site;
  /** @type {Promise<void>|null} */
  #pending = null;

  /**
   * @param {string|URL} base base URL of the API
   * @param {import("./storage.js").Kept} storage stores the session, so that its threads are
   *   still accessible after a reload
   * @param {string} name storage name of the session
   * @param {() => Promise<string|null>} [user] returns the token by which the site vouches for its
   *   visitor; null: it doesn't. A user's session is not stored, because the page has the token.
   * @param {{key?: string, assistant?: string}} [site] the site's key, and who answers there
   */
  constructor(base, storage, name = "threadkeeper.session", user = async () => null, site = {}) {
    this.#client = new ApiClient(base, noCredential);
    this.#storage = storage;
    this.#name = name;
    this.#user = user;
    this.#site = site;
    this.#session = storage.get(name);
  }

  /** @returns {string|null} the id of the user whose session it is, once it has begun */
  get userId() {
    return this.#session?.user?.id ?? null;
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

  /**
   * Begin the session of the visitor whom the site names now.
   *
   * @throws {ApiError}
   */
  async beginAgain() {
    // An exchange in progress may have begun with what the site said before.
    await this.#pending?.catch(() => {});
    await this.#begin();
  }

  /** Concurrent calls share one exchange. */
  #begin() {
    this.#pending ??= this.#exchange().finally(() => {
      this.#pending = null;
    });
    return this.#pending;
  }

  async #exchange() {
    const user = await this.#user();
    if (user) {
      await this.#signIn(user);
      return;
    }
    const old = this.userId === null ? this.#session?.token : null;
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

  /** Begin a user's session; the threads of this browser's own session become the user's. */
  async #signIn(user) {
    this.#session = await this.#create(this.#storage.get(this.#name)?.token, { user });
    this.#storage.remove(this.#name);
  }

  async #create(token, body = {}) {
    /** @type {Record<string, string>} */
    const headers = token ? { authorization: `Bearer ${token}` } : {};
    const sent = { ...body, ...this.#site };
    return (await this.#client.fetch("POST", "chat/sessions", { body: sent, headers })).json();
  }
}
