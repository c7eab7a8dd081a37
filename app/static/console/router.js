/** Opens the view that the URL's fragment names: `#/assistants/asst_123`. */

import { byId, el } from "../shell/dom.js";
import { onLanguage } from "../shell/speech.js";
import { mayOpen } from "./context.js";
import { showNavigation, watchCounts } from "./navigation.js";
import { showNothing } from "./pieces/states.js";
import { viewHead } from "./pieces/view_head.js";

/**
 * @typedef {import("./context.js").View} View
 * @typedef {import("./context.js").Context} Context
 */

/** Back, reload and bookmarks work, because the URL says which view is open. */
export class Router {
  #views;
  /** @type {Context|null} */
  #context = null;
  /** @type {(() => void)|void} closes the open view */
  #closeView = undefined;
  /** @type {(() => void)|void} ends the counting of what waits */
  #endCounts = undefined;
  /** @type {(() => Promise<boolean>)|null} */
  #mayLeave = null;
  #hash = "";

  /** @param {View[]} views */
  constructor(views) {
    this.#views = views;
    window.addEventListener("hashchange", () => this.#follow());
    onLanguage(() => this.title(byId("view").querySelector("h1")?.textContent ?? ""));
  }

  /** @param {Context} context */
  open(context) {
    this.#context = context;
    this.#endCounts?.();
    this.#endCounts = watchCounts(this.#usable(context), context);
    this.#show();
  }

  /** Close the view, and show nothing of it. */
  close() {
    this.#leave();
    this.#endCounts?.();
    this.#context = null;
    byId("rail").replaceChildren();
    // The form for the key has a smaller heading.
    byId("view").replaceChildren(el("h1", { className: "for-readers" }, "Threadkeeper"));
    this.title("");
  }

  /** @param {string} hash */
  go(hash) {
    window.location.hash = hash;
  }

  /** @param {string} hash */
  rename(hash) {
    this.#hash = hash;
    window.history.replaceState(null, "", hash);
  }

  /** @param {string} text */
  title(text) {
    document.title = text ? `${text} – Threadkeeper` : "Threadkeeper";
  }

  /** @param {(() => Promise<boolean>)|null} mayLeave */
  guard(mayLeave) {
    this.#mayLeave = mayLeave;
  }

  /** @returns {Promise<boolean>} whether the open view may be left */
  async mayLeave() {
    return !this.#mayLeave || (await this.#mayLeave());
  }

  /** Move the keyboard's focus to the view's heading. */
  focus() {
    byId("view").querySelector("h1")?.focus();
  }

  /** Show what the URL names now, unless the open view may not be left. */
  async #follow() {
    const { hash } = window.location;
    if (!this.#context || hash === this.#hash) return;
    if (this.#mayLeave) {
      // While the reader is asked, the URL is that of the view that is still shown.
      window.history.replaceState(null, "", this.#hash);
      if (!(await this.mayLeave())) return;
      window.history.pushState(null, "", hash);
    }
    this.#show();
    this.focus();
  }

  /**
   * @param {Context} context
   * @returns {View[]} the views that the caller may open
   */
  #usable(context) {
    return this.#views.filter((view) => mayOpen(view, context.caller));
  }

  #show() {
    const context = this.#context;
    if (!context) return;
    this.#leave();
    const usable = this.#usable(context);
    const [name, ...path] = partsOf(window.location.hash);
    const named = this.#views.find((one) => one.name === name);
    if (named && !usable.includes(named) && context.caller.kind !== "admin") {
      this.#refuse(context, usable, named);
      return;
    }
    const view = usable.find((one) => one.name === name) ?? usable[0];
    if (view && view.name !== name) window.history.replaceState(null, "", `#/${view.name}`);
    this.#hash = window.location.hash;
    showNavigation(usable, view);
    const container = el("div", { className: "view" });
    byId("view").replaceChildren(container);
    byId("view").scrollTop = 0;
    if (view) this.#closeView = view.open(container, context, view.name === name ? path : []);
    else showNothing(container, { symbol: "key", title: "noViews", text: "noViewsText" });
  }

  /**
   * Say that the view which the URL names is not for this caller.
   *
   * @param {Context} context
   * @param {View[]} usable the views that are
   * @param {View} named
   */
  #refuse(context, usable, named) {
    this.#hash = window.location.hash;
    showNavigation(usable, undefined);
    const place = el("div");
    const container = el("div", { className: "view" }, viewHead(context, { title: named.name }));
    container.append(place);
    const text = named.needs === "admin" ? "needsAdmin" : "noViewsText";
    showNothing(place, { symbol: "key", title: "notForThisKey", text });
    byId("view").replaceChildren(container);
  }

  #leave() {
    this.#closeView?.();
    this.#closeView = undefined;
    this.#mayLeave = null;
  }
}

/**
 * @param {string} hash
 * @returns {string[]}
 */
function partsOf(hash) {
  return hash.replace(/^#\/?/, "").split("/").filter(Boolean).map(decoded);
}

/** @param {string} part */
function decoded(part) {
  try {
    return decodeURIComponent(part);
  } catch {
    // A typed URL may have a lone percent sign.
    return part;
  }
}
