/** Who may use this page, and what they may do: open, with a key, or with a visitor's session. */

import { ApiClient, ApiError, keyCredential, noCredential } from "../shared/client.js";
import { SessionCredential } from "../shared/session.js";
import { browserStorage, tabStorage } from "../shared/storage.js";

const KEY = "threadkeeper.key";
/** As a server that can't say it: every server before it could, was open. */
const OPEN = { mode: "open", public_chat: false, default_assistant_id: null };

/**
 * @typedef {object} Access
 * @property {"open"|"key"|"session"} kind
 * @property {ApiClient} client
 * @property {object[]} assistants the default one first
 * @property {boolean} mayManage runs, files and titles; sessions may only chat
 * @property {boolean} publicChat whether one may go on without a key
 */

/**
 * Find the way in.
 *
 * @param {URL} base the API's
 * @param {function(): void} onRefused called when a key is refused later on
 * @returns {Promise<Access|null>} null: a key must be asked for
 * @throws {ApiError}
 */
export async function enter(base, onRefused) {
  const terms = await termsOf(base);
  const publicChat = terms.mode === "keys" && terms.public_chat;
  if (terms.mode === "open") {
    return withAssistants("open", new ApiClient(base, noCredential), terms, publicChat);
  }
  const key = tabStorage.get(KEY);
  if (key) return withKey(base, key, terms, onRefused);
  if (!publicChat) return null;
  const credential = new SessionCredential(base, browserStorage);
  const client = new ApiClient(base, credential);
  const assistants = await credential.assistants();
  return { kind: "session", client, assistants, mayManage: false, publicChat };
}

/**
 * Keep a key, if the server takes it, until the tab is closed.
 *
 * @param {URL} base
 * @param {string} key
 * @returns {Promise<boolean>} false where it is refused
 * @throws {ApiError} for any other failure
 */
export async function signIn(base, key) {
  try {
    await new ApiClient(base, keyCredential(key)).get("assistants", { query: { limit: 1 } });
  } catch (error) {
    if (error instanceof ApiError && error.status === 401) return false;
    throw error;
  }
  tabStorage.set(KEY, key);
  return true;
}

/** @returns {boolean} whether a key is kept */
export function hasKey() {
  return tabStorage.get(KEY) !== null;
}

/** Forget the key. */
export function signOut() {
  tabStorage.remove(KEY);
}

/**
 * @param {URL} base
 * @returns {Promise<boolean>} whether one may go on without a key
 */
export async function isPublic(base) {
  return (await termsOf(base)).public_chat;
}

async function termsOf(base) {
  try {
    return await new ApiClient(base).get("access");
  } catch (error) {
    if (error instanceof ApiError && error.status === 404) return OPEN;
    throw error;
  }
}

async function withKey(base, key, terms, onRefused) {
  let isIn = false;
  const refused = async () => {
    signOut();
    if (isIn) onRefused();
    return false;
  };
  const client = new ApiClient(base, { ...keyCredential(key), renew: refused });
  try {
    const access = await withAssistants("key", client, terms, terms.public_chat);
    isIn = true;
    return access;
  } catch (error) {
    if (error instanceof ApiError && error.status === 401) return null;
    throw error;
  }
}

async function withAssistants(kind, client, terms, publicChat) {
  const page = await client.get("assistants", { query: { limit: 100, order: "asc" } });
  const isDefault = (one) => Number(one.id === terms.default_assistant_id);
  const assistants = page.data.toSorted((a, b) => isDefault(b) - isDefault(a));
  return { kind, client, assistants, mayManage: true, publicChat };
}
