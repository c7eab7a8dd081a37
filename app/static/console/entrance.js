/** Access to the console: with a key, or on an open server without one. */

import { Door } from "../shell/access.js";

/** @typedef {import("./context.js").Caller} Caller */

/**
 * @param {URL} base URL of the API
 * @param {() => void} onRefused called if the server refuses a key that it accepted before
 * @returns {Door<Caller>}
 */
export function consoleDoor(base, onRefused) {
  return new Door({ base, onRefused, load: (client) => client.get("me") });
}
