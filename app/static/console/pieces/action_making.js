/** How actions are made from documents, in any view. */

import { ApiError } from "../../shared/client.js";

/**
 * @param {import("../../shared/client.js").ApiClient} client
 * @param {Record<string, any>} body
 * @returns {Promise<import("../../shared/api.d.ts").ApiObject>} one of a document
 *   with very many operations offers none yet: a person has to choose
 */
export async function createAction(client, body) {
  try {
    return await client.post("actions", body);
  } catch (error) {
    if (!(error instanceof ApiError) || error.param !== "operations") throw error;
    return client.post("actions", { ...body, operations: [] });
  }
}

/**
 * @param {string} text a document
 * @returns {string} a name made of its title; "" if there is none
 */
export function nameIn(text) {
  const title = /(?:^|[{,\s])["']?title["']?\s*:\s*["']?([^"'\n,}]+)/.exec(text)?.[1] ?? "";
  const plain = title.normalize("NFKD").replace(/[^A-Za-z0-9]+/g, "-").replace(/^[^A-Za-z]+/, "");
  return plain.toLowerCase().slice(0, 24).replace(/-+$/, "");
}
