/** The dialog: its frame, message field, keys and fit to the screen. */

import { isEscape, sendsMessage } from "../shared/keyboard.js";
import { element, iconButton } from "./elements.js";
import { FULL_SCREEN } from "./style.js";

const FOCUSABLE = "a[href], button:not(:disabled), input, textarea, [tabindex='0']";

/**
 * @typedef {object} DialogActions
 * @property {(text: string) => void} send
 * @property {() => void} stop
 * @property {() => void} begin a new conversation
 * @property {() => void} close
 */

/** Shows a header, the given content and the message field. */
export class Dialog {
  #root;
  #actions;
  #send;
  #stop;
  #logo;
  #fullScreen = window.matchMedia(FULL_SCREEN);
  #ready = false;

  /**
   * @param {ShadowRoot} root
   * @param {Element[]} content
   * @param {(name: string, values?: import("../shared/language.js").Values) => string} t texts
   * @param {DialogActions} actions
   */
  constructor(root, content, t, actions) {
    this.#root = root;
    this.#actions = actions;
    this.heading = element("h2", { id: "title" });
    this.#logo = element("span", { className: "logo-place", hidden: true });
    this.field = element("textarea", { rows: 1, placeholder: t("placeholder") });
    this.field.setAttribute("aria-label", t("placeholder"));
    this.#send = iconButton("send", t("send"), { type: "submit" });
    this.#stop = iconButton("stop", t("stop"), { hidden: true, onclick: actions.stop });
    this.#stop.classList.add("stop");
    this.begin = iconButton("fresh", t("newConversation"), { onclick: actions.begin });
    const close = iconButton("close", t("close"), { onclick: actions.close });
    const header = element("header", {}, this.#logo, this.heading, this.begin, close);
    this.element = element("div", { className: "dialog", hidden: true, tabIndex: -1 });
    this.element.setAttribute("role", "dialog");
    this.element.setAttribute("aria-labelledby", "title");
    this.element.append(header, ...content, this.#form());
    this.element.addEventListener("keydown", (event) => this.#onKey(event));
    root.append(this.element);
    this.#fitScreen();
  }

  /** @param {HTMLImageElement|null} image shown before the title */
  showLogo(image) {
    this.#logo.replaceChildren(...(image ? [image] : []));
    this.#logo.hidden = !image;
  }

  /** @param {boolean} takesFocus */
  show(takesFocus) {
    this.element.hidden = false;
    if (takesFocus) this.focus();
  }

  /** Focus the field; on touch screens the dialog, because the field would open the keyboard. */
  focus() {
    const touch = window.matchMedia("(pointer: coarse)").matches;
    (touch ? this.element : this.field).focus();
  }

  hide() {
    this.element.hidden = true;
  }

  /** @returns {boolean} whether the focus is within */
  get hasFocus() {
    return this.element.contains(this.#root.activeElement);
  }

  /**
   * @param {{ready: boolean, working: boolean, begun: boolean}} state whether a message can be
   *   sent, whether an answer can be stopped, and whether there is a conversation to leave
   */
  showState({ ready, working, begun }) {
    this.#ready = ready && !working;
    const hadFocus = this.#root.activeElement === (working ? this.#send : this.#stop);
    this.#send.hidden = working;
    this.#stop.hidden = !working;
    this.#send.disabled = !this.#ready;
    this.begin.hidden = !begun;
    if (hadFocus) this.focus();
  }

  #form() {
    this.field.addEventListener("input", () => this.#grow());
    this.field.addEventListener("keydown", (event) => {
      if (!sendsMessage(event)) return;
      event.preventDefault();
      this.#submit();
    });
    const form = element("form", { noValidate: true }, this.field, this.#send, this.#stop);
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.#submit();
    });
    return form;
  }

  #submit() {
    const text = this.field.value.trim();
    if (!text || !this.#ready) return;
    this.field.value = "";
    this.#grow();
    this.#actions.send(text);
  }

  #grow() {
    const { style } = this.field;
    style.height = "auto";
    const borders = this.field.offsetHeight - this.field.clientHeight;
    style.height = `${this.field.scrollHeight + borders}px`;
  }

  #onKey(event) {
    if (isEscape(event)) this.#actions.close();
    else if (event.key === "Tab" && this.#fullScreen.matches) this.#keepWithin(event);
  }

  /** Keep the focus within the dialog while it fills the screen. */
  #keepWithin(event) {
    const all = [...this.element.querySelectorAll(FOCUSABLE)].filter(isElement);
    const shown = all.filter((one) => one.getClientRects().length);
    const [from, to] = event.shiftKey ? [shown[0], shown.at(-1)] : [shown.at(-1), shown[0]];
    const { activeElement } = this.#root;
    if (activeElement !== from && activeElement !== this.element) return;
    event.preventDefault();
    to?.focus();
  }

  #fitScreen() {
    const modal = () => this.element.setAttribute("aria-modal", String(this.#fullScreen.matches));
    this.#fullScreen.addEventListener("change", modal);
    modal();
    const seen = window.visualViewport;
    if (!seen) return;
    // An on-screen keyboard covers part of the page: fit the dialog into the rest.
    const fit = () => {
      this.element.style.setProperty("--height", `${seen.height}px`);
      this.element.style.setProperty("--top", `${seen.offsetTop}px`);
    };
    seen.addEventListener("resize", fit);
    seen.addEventListener("scroll", fit);
    fit();
  }
}

/**
 * @param {Element} one
 * @returns {one is HTMLElement}
 */
function isElement(one) {
  return one instanceof HTMLElement;
}
