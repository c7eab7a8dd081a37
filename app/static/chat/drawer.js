/** The sidebar as a drawer over the page, on narrow screens. */

import { byId } from "../shell/dom.js";

/** Opens and closes the sidebar; on wide screens it is always visible. */
export class Drawer {
  #sidebar = byId("sidebar");
  #content = byId("content");
  #shade = byId("shade");
  #button = byId("open-menu");
  #narrow = window.matchMedia("(max-width: 800px)");
  #isOpen = false;

  constructor() {
    this.#button.addEventListener("click", () => this.#set(true));
    byId("close-menu").addEventListener("click", () => this.close());
    this.#shade.addEventListener("click", () => this.close());
    this.#sidebar.addEventListener("keydown", (event) => {
      if (event.key === "Escape") this.close();
    });
    this.#narrow.addEventListener("change", () => this.#set(false));
    this.#set(false);
  }

  close() {
    if (!this.#isOpen) return;
    this.#set(false);
    this.#button.focus();
  }

  #set(isOpen) {
    this.#isOpen = isOpen;
    this.#sidebar.classList.toggle("open", isOpen);
    // While hidden, the keyboard and screen readers must not reach it either.
    this.#sidebar.inert = this.#narrow.matches && !isOpen;
    this.#content.inert = isOpen;
    this.#shade.hidden = !isOpen;
    this.#button.setAttribute("aria-expanded", String(isOpen));
    if (isOpen) byId("close-menu").focus();
  }
}
