/** The people who answer in place of the assistant: the bar, their messages, the unread mark. */

import { messagesOf } from "../shared/turn.js";
import { PersonBar } from "./person_bar.js";

/** @type {{state: "bot"|"waiting"|"person", person: string|null}} */
const BOT = { state: "bot", person: null };

/** Keeps the widget up to date about who answers. */
export class People {
  #t;
  #widget;
  #options;
  #bar;
  #standing = BOT;
  #hasBegun = false;
  /** @type {string|null} the page's title without the mark; null: it has none */
  #title = null;

  /**
   * @param {(name: string, values?: import("../shared/language.js").Values) => string} t texts
   * @param {{button: HTMLButtonElement, dataset: DOMStringMap}} widget
   * @param {object} options
   * @param {() => import("./chat.js").Chat} options.chat
   * @param {(action: () => Promise<any>) => Promise<void>} options.attempt shows a failure
   * @param {(text: string) => void} options.say for screen readers
   */
  constructor(t, widget, options) {
    this.#t = t;
    this.#widget = widget;
    this.#options = options;
    const { chat, attempt } = options;
    this.#bar = new PersonBar(t, {
      ask: (contact) => attempt(() => chat().askForPerson(contact)),
      withdraw: () => attempt(() => chat().withdraw()),
    });
    this.element = this.#bar.element;
  }

  get #isOpen() {
    return this.#widget.button.getAttribute("aria-expanded") === "true";
  }

  /** @param {boolean} hasBegun whether there is a conversation into which a person can be asked */
  offer(hasBegun) {
    if (hasBegun === this.#hasBegun) return;
    this.#hasBegun = hasBegun;
    this.#show();
  }

  /** @param {import("../shared/handover.js").Standing|null} standing null: of a new conversation */
  async changed(standing) {
    const before = this.#standing;
    this.#standing = standing ?? BOT;
    if (before.state !== this.#standing.state || before.person !== this.#standing.person) {
      this.#show();
    }
    if (!standing || standing.state === "bot") return;
    const newer = await this.#options.chat().loadNewer();
    const messages = newer.flatMap(messagesOf).filter(({ metadata }) => metadata.person);
    const [last] = messages.slice(-1);
    if (!last) return;
    const texts = last.parts.map((part) => part.value).join(" ");
    this.#options.say(`${last.metadata.person}: ${texts}`);
    if (!this.#isOpen || document.hidden) this.#mark();
  }

  /** Whatever is unread has been seen. */
  seen() {
    this.#widget.button.classList.remove("unread");
    if (this.#title !== null) document.title = this.#title;
    this.#title = null;
  }

  #mark() {
    if (!this.#isOpen) this.#widget.button.classList.add("unread");
    if (this.#title !== null) return;
    this.#title = document.title;
    document.title = this.#t("newMessage", { title: this.#title });
    // A page that was hidden shows the open panel when it comes back.
    const onShown = () => {
      if (document.hidden || !this.#isOpen) return;
      document.removeEventListener("visibilitychange", onShown);
      this.seen();
    };
    document.addEventListener("visibilitychange", onShown);
  }

  #show() {
    const { assistant } = this.#options.chat();
    const wanted = this.#widget.dataset.handover ?? assistant?.metadata?.handover;
    this.#bar.show(this.#standing, this.#hasBegun && wanted === "on");
  }
}
