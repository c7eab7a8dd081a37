/** Looks at who waits and who is answered: one call for the navigation's count and the list. */

import { repeat } from "../../pieces/repeating.js";

/** @typedef {import("../../../shared/client.js").ApiClient} ApiClient */
/** @typedef {Record<string, any>} Handover */
/**
 * @typedef {object} Open those that have waited longest come first
 * @property {Handover[]} waiting
 * @property {Handover[]} taken
 * @property {boolean} isAll whether there are no more
 */

export const PAGE = 100;
/** Milliseconds after which the navigation looks, unless the list has. */
const COUNT_MS = 10_000;

/** @type {WeakMap<ApiClient, Looks>} */
const looks = new WeakMap();

/**
 * Look, and let the navigation count what was found.
 *
 * @param {import("../../context.js").Context} context
 * @returns {Promise<Open>}
 */
export function look({ client }) {
  return looksOf(client).look();
}

/** @type {NonNullable<import("../../context.js").View["watch"]>} */
export function watchWaiting({ client }, signal, found) {
  const shared = looksOf(client);
  shared.onLook = ({ waiting }) => found(waiting.length);
  repeat(async () => {
    if (shared.due <= 0) await shared.look();
  }, () => Math.max(shared.due, 0), signal);
}

/** @param {ApiClient} client */
function looksOf(client) {
  const known = looks.get(client) ?? new Looks(client);
  looks.set(client, known);
  return known;
}

class Looks {
  #client;
  /** @type {Promise<Open>|null} */
  #looking = null;
  #lookedAt = 0;
  /** @type {(open: Open) => void} */
  onLook = () => {};

  /** @param {ApiClient} client */
  constructor(client) {
    this.#client = client;
  }

  /** @returns {number} milliseconds until the navigation must look */
  get due() {
    return this.#lookedAt + COUNT_MS - Date.now();
  }

  look() {
    if (this.#looking) return this.#looking;
    this.#lookedAt = Date.now();
    this.#looking = this.#openOnes().finally(() => {
      this.#looking = null;
    });
    return this.#looking;
  }

  async #openOnes() {
    const open = await this.#find();
    this.onLook(open);
    return open;
  }

  /** @returns {Promise<Open>} */
  async #find() {
    const { data, has_more: hasMore } = await this.#get(null);
    if (!hasMore) {
      const [waiting, taken] = ["waiting", "person"].map((state) => {
        return data.filter((/** @type {Handover} */ one) => one.state === state);
      });
      return { waiting, taken, isAll: true };
    }
    // Among so many, those that are answered could hide one that waits.
    const pages = await Promise.all([this.#get("waiting"), this.#get("person")]);
    const [waiting, taken] = pages.map((page) => page.data);
    return { waiting, taken, isAll: pages.every((page) => !page.has_more) };
  }

  /** @param {string|null} state */
  #get(state) {
    return this.#client.get("handovers", { query: { state, order: "asc", limit: PAGE } });
  }
}
