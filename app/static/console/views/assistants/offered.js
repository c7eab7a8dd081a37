/** What the form of an assistant offers: models, the server's functions, and actions. */

const MOST_ACTIONS = 100;

/**
 * @typedef {object} Offered
 * @property {import("../../../shared/api.d.ts").ApiObject[]} models
 * @property {import("../../../shared/api.d.ts").ApiObject[]} functions of the server
 * @property {OfferedAction[]} actions
 *
 * @typedef {object} OfferedAction
 * @property {string} title
 * @property {string} address
 * @property {import("../actions/types.js").Operation[]} operations those that it offers
 */

/**
 * @param {import("../../../shared/client.js").ApiClient} client
 * @returns {Promise<Offered>}
 */
export async function loadOffered(client) {
  const [models, functions, actions] = await Promise.all([
    client.get("models"),
    client.get("functions"),
    client.get("actions", { query: { limit: MOST_ACTIONS } }),
  ]);
  const offered = await Promise.all(actions.data.map(async ({ id, name, title, address }) => {
    const { data } = await client.get(`actions/${encodeURIComponent(id)}/operations`);
    return { title: title || name, address, operations: data.filter((one) => one.offered) };
  }));
  const usable = offered.filter(({ operations }) => operations.length);
  return { models: models.data, functions: functions.data, actions: usable };
}
