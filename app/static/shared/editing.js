/** Deleting the end of a thread, so that a question can be edited and asked again. */

import { remove } from "./asking.js";
import { ApiError } from "./client.js";

const PAGE = 100;

/**
 * @param {import("./client.js").ApiClient} client
 * @param {import("./turn.js").Turn} turn
 * @returns {Promise<string[]>} ids of its question and of all messages after it, oldest first
 * @throws {ApiError} 404 if the question no longer exists
 */
export async function messagesFrom(client, turn) {
  const ids = [];
  let after = null;
  do {
    const query = { limit: PAGE, after };
    const page = await client.get(`threads/${turn.threadId}/messages`, { query });
    for (const message of page.data) {
      ids.unshift(message.id);
      if (isQuestion(message, turn)) return ids;
    }
    after = page.has_more ? page.last_id : null;
  } while (after);
  throw new ApiError({ status: 404, message: "The question no longer exists." });
}

/**
 * Delete messages, newest first, so that a failure half-way leaves no gap in the thread.
 *
 * @param {import("./client.js").ApiClient} client
 * @param {import("./turn.js").Turn} turn a turn of their thread
 * @param {string[]} ids oldest first
 * @throws {ApiError}
 */
export async function takeBack(client, turn, ids) {
  for (const id of ids.toReversed()) await remove(client, turn, id);
}

/** A question that was just sent has no id yet; its turn's key identifies it. */
function isQuestion(message, { key, question }) {
  if (message.role !== "user") return false;
  return question.id ? message.id === question.id : message.metadata?.client_turn_id === key;
}
