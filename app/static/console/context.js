/** What a view is given when it is opened. */

import { announce, notify, notifyError } from "../shell/notices.js";

/**
 * @typedef {object} Caller who is signed in
 * @property {"open"|"key"|"admin"|"session"} kind
 * @property {string|null} project null if it is not known, and for an administrator
 * @property {"all"|"read"|"chat"} scope
 */
/**
 * @typedef {object} Context
 * @property {import("../shared/client.js").ApiClient} client
 * @property {Caller} caller
 * @property {boolean} mayWrite whether the caller's key may change anything
 * @property {(hash: string) => void} go opens another view, such as `#/assistants/new`
 * @property {(hash: string) => void} rename changes the URL without opening the view again
 * @property {(text: string) => void} title sets the page's title; `viewHead` calls it
 * @property {(mayLeave: (() => Promise<boolean>)|null) => void} guard sets a question that is
 *   asked before the view is left; null removes it
 * @property {{announce: typeof announce, notify: typeof notify, notifyError: typeof notifyError}}
 *   notices
 */
/**
 * @typedef {object} View
 * @property {string} name first part of its URL; the text of this name is its label
 * @property {string} icon name of its icon in the navigation
 * @property {Record<string, string>} [icons] its own icons, for `addIcons`
 * @property {import("../shared/language.js").Texts} texts its texts; no two views have one of the
 *   same name
 * @property {string} [within] name of the view that links to it; it has no link in the navigation
 * @property {"project"|"admin"} needs whose key opens it
 * @property {(context: Context, signal: AbortSignal, found: (count: number) => void) => void}
 *   [watch] calls `found` again and again with how many objects wait for somebody, until the signal
 *   ends it; the navigation shows the count
 * @property {string} [counted] name of the text that says so, with `count`
 * @property {(container: HTMLElement, context: Context, path: string[]) => (() => void)|void} open
 *   draws the view, at least its heading at once, into an empty container. `path` has the parts of
 *   the URL after the view's name. Returns what closes the view.
 */

/**
 * @param {import("../shell/access.js").Access<Caller>} access
 * @param {import("./router.js").Router} router
 * @returns {Context}
 */
export function contextOf({ client, loaded: caller }, router) {
  return {
    client,
    caller,
    mayWrite: caller.scope === "all",
    go: (hash) => router.go(hash),
    rename: (hash) => router.rename(hash),
    title: (text) => router.title(text),
    guard: (mayLeave) => router.guard(mayLeave),
    notices: { announce, notify, notifyError },
  };
}

/**
 * @param {View} view
 * @param {Caller} caller
 * @returns {boolean} whether the caller may open the view
 */
export function mayOpen({ needs }, caller) {
  if (caller.scope === "chat") return false;
  return needs === "admin" ? caller.kind === "admin" : ["open", "key"].includes(caller.kind);
}
