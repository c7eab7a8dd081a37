/** Deleting a question and everything after it, after the reader confirms. */

import { ApiError } from "../shared/client.js";
import { messagesFrom, takeBack } from "../shared/editing.js";
import { confirm } from "../shell/dialogs.js";
import { notifyError } from "../shell/notices.js";

/**
 * @param {import("../shared/conversation.js").Conversation} conversation
 * @param {import("../shared/client.js").ApiClient} client
 * @param {import("../shared/turn.js").Turn} turn
 * @param {() => boolean} isOpen whether the page still shows this conversation
 * @returns {Promise<boolean>} false if the reader cancelled or it failed
 */
export async function takeBackFrom(conversation, client, turn, isOpen) {
  try {
    const ids = await messagesFrom(client, turn);
    const isLast = turn === conversation.turns.at(-1);
    const names = { title: "editTitle", text: isLast ? "editOne" : "editText", yes: "editYes" };
    if (!(await confirm({ ...names, values: { count: ids.length - 1 } }))) return false;
    if (!isOpen() || conversation.current) return false;
    await takeBack(client, turn, ids);
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    notifyError(error);
    return false;
  }
  conversation.forgetFrom(turn);
  return true;
}
