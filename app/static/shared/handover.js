/** Watches who answers in a thread, and whether a person wrote something new. */

import { ApiError } from "./client.js";
import { missingTurns } from "./history.js";

/** How often to look while a person is awaited or answers, in milliseconds. */
const SEEN = 5000;
const UNSEEN = 30_000;
/** After this long without any change, a look every minute is enough. */
const QUIET_AFTER = 600_000;
const QUIET = 60_000;

/**
 * @typedef {object} Standing
 * @property {"bot"|"waiting"|"person"} state
 * @property {string|null} person
 * @property {string|null} last_message_id
 */

/** How many of a thread's newest messages are searched for those of others. */
const NEWER = 20;

/**
 * Add to a conversation what others have written, such as a person's answers.
 *
 * @param {import("./client.js").ApiClient} client
 * @param {import("./conversation.js").Conversation} conversation
 * @returns {Promise<import("./turn.js").Turn[]>} the turns that were added at the end; none while
 *   an answer is in progress
 * @throws {ApiError}
 */
export async function loadNewer(client, conversation) {
  const path = `threads/${conversation.threadId}/messages`;
  const page = await client.get(path, { query: { limit: NEWER } });
  if (conversation.current) return [];
  const newer = missingTurns(page.data.toReversed(), conversation.turns);
  conversation.turns.push(...newer);
  return newer;
}

/** Looks once, and goes on only while the thread waits for a person or a person answers. */
export class HandoverWatch {
  #client;
  #onChange;
  #threadId = "";
  /** @type {ReturnType<typeof setTimeout>|undefined} */
  #timer;
  #changedAt = 0;
  #last = "";

  /**
   * @param {import("./client.js").ApiClient} client
   * @param {(standing: Standing) => void} onChange called with the first standing and each change
   */
  constructor(client, onChange) {
    this.#client = client;
    this.#onChange = onChange;
  }

  /**
   * Watch another thread.
   *
   * @param {string} threadId
   * @returns {Promise<void>} when it has looked once
   */
  watch(threadId) {
    this.begin(threadId);
    return this.#look(threadId);
  }

  /**
   * Begin with a thread that was just created: nobody can have taken it yet.
   *
   * @param {string} threadId
   */
  begin(threadId) {
    this.stop();
    this.#threadId = threadId;
  }

  stop() {
    clearTimeout(this.#timer);
    this.#threadId = "";
    this.#last = "";
  }

  /**
   * Ask for a person in the thread, or withdraw that.
   *
   * @param {"POST"|"DELETE"} method
   * @param {{contact?: string, note?: string}} [body]
   * @throws {ApiError}
   */
  async change(method, body) {
    const threadId = this.#threadId;
    const response = await this.#client.fetch(method, `threads/${threadId}/handover`, { body });
    this.#tell(threadId, await response.json());
  }

  async #look(threadId) {
    try {
      this.#tell(threadId, await this.#client.get(`threads/${threadId}/handover`));
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      // A later look may succeed, unless the thread is gone.
      if (error.status !== 404) this.#later(threadId);
    }
  }

  #tell(threadId, standing) {
    if (threadId !== this.#threadId) return;
    const { state, person, last_message_id: newest } = standing;
    const seen = JSON.stringify([state, person, newest]);
    if (seen !== this.#last) {
      this.#last = seen;
      this.#changedAt = Date.now();
      this.#onChange(standing);
    }
    if (state !== "bot") this.#later(threadId);
    else clearTimeout(this.#timer);
  }

  #later(threadId) {
    clearTimeout(this.#timer);
    const isQuiet = Date.now() - this.#changedAt > QUIET_AFTER;
    const pause = isQuiet ? QUIET : document.hidden ? UNSEEN : SEEN;
    this.#timer = setTimeout(() => this.#look(threadId), pause);
  }
}
