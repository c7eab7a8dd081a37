/** For the operator: which of an assistant's documents could not be read, and why. */

import { storesOf } from "../shared/calls/registry.js";
import { ApiError } from "../shared/client.js";
import { byId, el } from "../shell/dom.js";
import { say } from "../shell/speech.js";

const SHOWN = 20;

/**
 * Show them below the start screen; nothing if all were read. Visitors may not know these names.
 *
 * @param {import("./entrance.js").ChatAccess} access
 * @param {object|undefined} assistant the API's
 * @param {() => boolean} isCurrent whether the start screen still is this assistant's
 */
export async function showUnread(access, assistant, isCurrent) {
  const stores = storesOf(assistant);
  if (!access.mayManage || !stores.length) return;
  let files;
  try {
    files = (await Promise.all(stores.map((id) => failedFiles(access.client, id)))).flat();
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    // Another project's store: its owner sees them.
    console.warn("Threadkeeper: the assistant's documents can't be looked at.", error);
    return;
  }
  if (!files.length || !isCurrent()) return;
  const list = el("ul", {});
  for (const { name, reason } of files) {
    list.append(el("li", {}, el("b", {}, name), ` ${reason}`));
  }
  byId("start").append(
    el("section", { className: "unread" }, say(el("h3", {}), "unread"), list),
  );
}

/** @returns {Promise<{name: string, reason: string}[]>} */
async function failedFiles(client, storeId) {
  const query = { filter: "failed", limit: SHOWN };
  const page = await client.get(`vector_stores/${storeId}/files`, { query });
  return Promise.all(
    page.data.map(async ({ id, last_error: error }) => ({
      name: (await client.get(`files/${id}`)).filename,
      reason: error?.message ?? "",
    })),
  );
}
