/** The widget's conversation: session, thread and the events for the site. No DOM. */

import { ApiClient, ApiError } from "../shared/client.js";
import { Conversation } from "../shared/conversation.js";
import { SessionCredential } from "../shared/session.js";
import { browserStorage } from "../shared/storage.js";
import { answerText, isUnderWay } from "../shared/turn.js";

/** @typedef {import("../shared/turn.js").Turn} Turn */

/** The conversation of this site's visitor with one assistant. */
export class Chat {
  #base;
  #wanted;
  #threadName;
  #credential;
  #client;
  #onTurn;
  #onMessage;
  /** @type {Promise<void>|null} */
  #starting = null;
  #asked = new WeakSet();
  #underWay = new WeakSet();

  /**
   * @param {object} options
   * @param {string} options.base the server's URL, with a trailing slash
   * @param {string} options.name prefix of this widget's storage names
   * @param {string} [options.assistantId]
   * @param {(turn: Turn, hasEnded: boolean) => void} options.onTurn called after
   *   every change of a turn; `hasEnded` is true once, when it ends
   * @param {(message: {role: string, text: string, thread_id: string}) => void} options.onMessage
   *   called once for each new message
   */
  constructor({ base, name, assistantId, onTurn, onMessage }) {
    const api = new URL("api/v1/", base);
    this.#base = base;
    this.#wanted = assistantId;
    this.#threadName = `${name} thread`;
    this.#credential = new SessionCredential(api, browserStorage, `${name} session`);
    this.#client = new ApiClient(api, this.#credential);
    this.#onTurn = onTurn;
    this.#onMessage = onMessage;
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

  /** Start a conversation on a new thread. */
  begin() {
    this.conversation.leave();
    browserStorage.remove(this.#threadName);
    this.conversation = this.#newConversation();
  }

  async #start(awaited) {
    this.assistant = this.#choose(await this.#assistants());
    const threadId = browserStorage.get(this.#threadName);
    if (!threadId) return;
    try {
      await this.conversation.open(threadId);
    } catch (error) {
      // The thread was deleted, or belongs to a session that can't be renewed.
      if (!(error instanceof ApiError) || error.status !== 404) throw error;
      browserStorage.remove(this.#threadName);
    }
    // These messages were reported before, except an answer that was awaited.
    for (const turn of this.conversation.turns) {
      this.#asked.add(turn);
      if (isUnderWay(turn) || (awaited && turn.runId === awaited)) this.#underWay.add(turn);
    }
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
      onThread: (threadId) => browserStorage.set(this.#threadName, threadId),
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
