/** Access to the chat page: without a key, with an operator's key, or in a visitor's session. */

import { ApiClient } from "../shared/client.js";
import { SessionCredential } from "../shared/session.js";
import { browserStorage } from "../shared/storage.js";
import { Door } from "../shell/access.js";

/**
 * @typedef {import("../shared/api.d.ts").Assistant} Assistant
 * @typedef {object} ChatAccess
 * @property {"open"|"key"|"session"} kind
 * @property {ApiClient} client
 * @property {Assistant[]} assistants the default one first
 * @property {boolean} mayManage whether runs, files and titles are accessible; sessions only chat
 */

/**
 * @param {URL} base URL of the API
 * @param {() => void} onRefused called if the server refuses a key that it accepted before
 * @returns {Door<Assistant[]>}
 */
export function chatDoor(base, onRefused) {
  const asVisitor = async () => {
    const credential = new SessionCredential(base, browserStorage);
    return { client: new ApiClient(base, credential), loaded: await credential.assistants() };
  };
  return new Door({ base, onRefused, load: assistantsOf, asVisitor });
}

/**
 * @param {import("../shell/access.js").Access<Assistant[]>} access
 * @returns {ChatAccess}
 */
export function chatAccess({ kind, client, loaded }) {
  return { kind, client, assistants: loaded, mayManage: kind !== "session" };
}

/**
 * @param {ApiClient} client
 * @param {import("../shell/access.js").Terms} terms
 * @returns {Promise<Assistant[]>}
 */
async function assistantsOf(client, terms) {
  const page = await client.get("assistants", { query: { limit: 100, order: "asc" } });
  /** @param {Assistant} one */
  const isDefault = (one) => Number(one.id === terms.default_assistant_id);
  return page.data.toSorted(
    (/** @type {Assistant} */ a, /** @type {Assistant} */ b) => isDefault(b) - isDefault(a),
  );
}
