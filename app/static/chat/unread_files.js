/** Shows operators which of an assistant's documents could not be read, and why. */

import { storesOf } from "../shared/calls/registry.js";
import { ApiError } from "../shared/client.js";
import { byId, el } from "../shell/dom.js";
import { say } from "../shell/speech.js";

const SHOWN = 20;

/**
 * List unreadable documents, if any, on the start screen. Visitors don't see them.
 *
 * @param {import("./entrance.js").ChatAccess} access
 * @param {object|undefined} assistant as returned by the API
 * @param {() => boolean} isCurrent whether the page still shows this start screen
 */
export async function showUnread(access, assistant, isCurrent) {
  const stores = storesOf(assistant);
  if (!access.mayManage || !stores.length) return;
  let files;
  try {
    files = (await Promise.all(stores.map((id) => failedFiles(access.client, id)))).flat();
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    // The store may belong to another project, whose operators see the list.
    console.warn("Threadkeeper: the assistant's documents can't be listed.", error);
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
