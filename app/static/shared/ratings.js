/** What was said about a thread's answers. No DOM. */

import { messagesOf } from "./turn.js";

// As many as one page of a list has; older ratings are not shown.
const PAGE = 100;

/** The ratings of one thread's answers. */
export class Ratings {
  #client;
  /** By message id. */
  #known = new Map();

  /** @param {import("./client.js").ApiClient} client */
  constructor(client) {
    this.#client = client;
  }

  /** @param {string} threadId */
  async load(threadId) {
    const page = await this.#client.get(`threads/${threadId}/feedback`, { query: { limit: PAGE } });
    this.#known = new Map(page.data.map((one) => [one.id, one]));
  }

  /**
   * @param {import("./turn.js").Turn[]} turns
   * @returns {import("./turn.js").Turn[]} the same, with their ratings
   */
  on(turns) {
    for (const message of turns.flatMap(messagesOf)) {
      message.feedback = this.#known.get(message.id) ?? null;
    }
    return turns;
  }

  /**
   * @param {import("./turn.js").Turn} turn
   * @param {"up"|"down"|null} rating null removes the rating
   * @param {string|null} comment
   */
  async give(turn, rating, comment) {
    const message = messagesOf(turn).at(-1);
    if (!message) return;
    const path = `threads/${turn.threadId}/messages/${message.id}/feedback`;
    message.feedback = await this.#client.post(path, { rating, comment });
    this.#known.set(message.id, message.feedback);
  }
}
