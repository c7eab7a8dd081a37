/** The widget's conversation: session, thread and the events for the site. No DOM. */

import { ApiClient, ApiError } from "../shared/client.js";
import { Conversation } from "../shared/conversation.js";
import { HandoverWatch, loadNewer } from "../shared/handover.js";
import { SessionCredential } from "../shared/session.js";
import { browserStorage } from "../shared/storage.js";
import { answerText, isUnderWay } from "../shared/turn.js";

/** @typedef {import("../shared/turn.js").Turn} Turn */

/** The conversation of this site's visitor with one assistant. */
export class Chat {
  #base;
  #wanted;
  #threadName;
  #userThreadName;
  #credential;
  #client;
  #onTurn;
  #onMessage;
  #watch;
  /** @type {Promise<void>|null} */
  #starting = null;
  #asked = new WeakSet();
  #underWay = new WeakSet();

  /**
   * @param {object} options
   * @param {string} options.base the server's URL, with a trailing slash
   * @param {string} options.name prefix of this widget's storage names
   * @param {string} [options.assistantId]
   * @param {string} [options.siteKey] the site's key, which may only chat
   * @param {() => string|null|(() => Promise<string|null>)} options.user returns the token by which
   *   the site vouches for its visitor, or a function that gets it; null: it doesn't
   * @param {(turn: Turn, hasEnded: boolean) => void} options.onTurn called after
   *   every change of a turn; `hasEnded` is true once, when it ends
   * @param {(standing: import("../shared/handover.js").Standing) => void} options.onHandover
   *   called when somebody else answers, or has written something
   * @param {(message: {role: string, text: string, thread_id: string}) => void} options.onMessage
   *   called once for each new message
   */
  constructor({ base, name, assistantId, siteKey, user, onTurn, onMessage, onHandover }) {
    const api = new URL("api/v1/", base);
    this.#base = base;
    this.#wanted = assistantId;
    this.#threadName = `${name} thread`;
    this.#userThreadName = `${name} user thread`;
    this.#credential = new SessionCredential(api, browserStorage, `${name} session`, async () => {
      const given = user();
      return typeof given === "function" ? given() : given;
    }, siteKey ? { key: siteKey, ...(assistantId ? { assistant: assistantId } : {}) } : {});
    this.#client = new ApiClient(api, this.#credential);
    this.#onTurn = onTurn;
    this.#onMessage = onMessage;
    this.#watch = new HandoverWatch(this.#client, onHandover);
    this.conversation = this.#newConversation();
    /** The assistant that answers; set by `start`. */
    /** @type {import("../shared/api.d.ts").Assistant|null} */
    this.assistant = null;
  }

  /**
   * Start or renew the session, and load the last thread.
   *
   * @param {string|null} awaited id of a run whose answer has not been reported to `onMessage`;
   *   `catchUp` reports it even if it was finished between two pages
   * @returns {Promise<void>}
   * @throws {ApiError} with code `origin_not_allowed` if the server doesn't allow this site
   */
  start(awaited) {
    this.#starting ??= this.#start(awaited).catch((error) => {
      this.#starting = null;
      throw error;
    });
    return this.#starting;
  }

  /** @param {string} text */
  async send(text) {
    await this.conversation.send({ text, assistantId: this.assistant?.id });
  }

  /**
   * Ask for a person in this conversation.
   *
   * @param {string} contact how to reach the visitor; "" for nothing
   * @throws {ApiError}
   */
  async askForPerson(contact) {
    await this.#watch.change("POST", contact ? { contact } : {});
  }

  /** @throws {ApiError} */
  async withdraw() {
    await this.#watch.change("DELETE");
  }

  /**
   * Load what others have added to the thread, such as a person's answers.
   *
   * @returns {Promise<Turn[]>} the turns that were added at the end
   * @throws {ApiError}
   */
  async loadNewer() {
    const { conversation } = this;
    const newer = await loadNewer(this.#client, conversation);
    if (conversation !== this.conversation) return [];
    for (const turn of newer) this.#onTurn(turn, false);
    return newer;
  }

  /** @returns {string|null} the id of the user whose conversation it is; null: of a visitor */
  get userId() {
    return this.#credential.userId;
  }

  /** Start a conversation on a new thread. */
  begin() {
    this.leave();
    this.#keepThread(null);
    this.conversation = this.#newConversation();
  }

  /** Stop following; this object is no longer used. */
  leave() {
    this.#watch.stop();
    this.conversation.leave();
  }

  /**
   * Ask the site again who its visitor is.
   *
   * @returns {Promise<boolean>} whether it is another one
   * @throws {ApiError}
   */
  async renewUser() {
    const before = this.userId;
    await this.#credential.beginAgain();
    return this.userId !== before;
  }

  #keepThread(threadId) {
    const { userId } = this;
    if (userId !== null) browserStorage.set(this.#userThreadName, { user: userId, threadId });
    else if (threadId) browserStorage.set(this.#threadName, threadId);
    else browserStorage.remove(this.#threadName);
  }

  /** @returns {Promise<string|null>} the thread to continue */
  async #lastThread() {
    const { userId } = this;
    const kept = browserStorage.get(this.#userThreadName);
    const visitors = browserStorage.get(this.#threadName);
    // What a user left behind is not for the next one.
    if (kept && kept.user !== userId) browserStorage.remove(this.#userThreadName);
    if (userId === null) return visitors;
    // It was begun before the sign-in, and is the user's now.
    browserStorage.remove(this.#threadName);
    if (visitors) return visitors;
    if (kept?.user === userId) return kept.threadId;
    const newest = await this.#client.get("threads", { query: { limit: 1 } });
    return newest.data[0]?.id ?? null;
  }

  async #start(awaited) {
    this.assistant = this.#choose(await this.#assistants());
    const threadId = await this.#lastThread();
    if (!threadId) return;
    try {
      await this.conversation.open(threadId);
      this.#keepThread(threadId);
    } catch (error) {
      // The thread was deleted, or belongs to a session that can't be renewed.
      if (!(error instanceof ApiError) || error.status !== 404) throw error;
      this.#keepThread(null);
    }
    // These messages were reported before, except an answer that was awaited.
    for (const turn of this.conversation.turns) {
      this.#asked.add(turn);
      if (isUnderWay(turn) || (awaited && turn.runId === awaited)) this.#underWay.add(turn);
    }
    // Not before: an answer may go on meanwhile.
    if (this.conversation.threadId) await this.#watch.watch(threadId);
  }

  /** Report turns that ended before `start` was done. */
  catchUp() {
    for (const turn of this.conversation.turns) {
      if (this.#underWay.has(turn)) this.#changed(turn);
    }
  }

  async #assistants() {
    try {
      return await this.#credential.assistants();
    } catch (error) {
      if (error instanceof ApiError && error.status === 0 && (await this.#isReachable())) {
        const code = "origin_not_allowed";
        throw new ApiError({ status: 403, code, message: `${location.origin} is not allowed.` });
      }
      throw error;
    }
  }

  /** If a site isn't allowed, the browser hides the API's response, but static files are public. */
  async #isReachable() {
    try {
      return (await fetch(`${this.#base}static/widget/chat.js`, { method: "HEAD" })).ok;
    } catch {
      return false;
    }
  }

  #choose(assistants) {
    const wanted = assistants.find(({ id }) => id === this.#wanted);
    if (this.#wanted && !wanted) {
      console.warn(`Threadkeeper: data-assistant="${this.#wanted}" is not a public assistant.`);
    }
    return wanted ?? assistants[0] ?? null;
  }

  #newConversation() {
    const conversation = new Conversation({
      client: this.#client,
      mayRun: false,
      onThread: (threadId) => {
        this.#keepThread(threadId);
        this.#watch.begin(threadId);
      },
      onTurn: (turn) => {
        if (conversation === this.conversation) this.#changed(turn);
      },
    });
    return conversation;
  }

  #changed(turn) {
    if (turn.runId && !this.#asked.has(turn)) {
      this.#asked.add(turn);
      this.#message("user", turn.question.text, turn.threadId);
    }
    const working = isUnderWay(turn);
    if (working) this.#underWay.add(turn);
    const hasEnded = !working && this.#underWay.delete(turn);
    const text = hasEnded ? answerText(turn) : "";
    if (text) this.#message("assistant", text, turn.threadId);
    this.#onTurn(turn, hasEnded);
  }

  #message(role, text, threadId) {
    this.#onMessage({ role, text, thread_id: threadId });
  }
}
