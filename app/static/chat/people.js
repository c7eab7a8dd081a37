/** The people who answer in place of the assistant: asks for one, says who answers, shows news. */

import { ApiError } from "../shared/client.js";
import { HandoverWatch, loadNewer } from "../shared/handover.js";
import { messagesOf } from "../shared/turn.js";
import { byId, el } from "../shell/dom.js";
import { announce, notifyError } from "../shell/notices.js";
import { onLanguage, say } from "../shell/speech.js";

/** @typedef {import("../shared/conversation.js").Conversation} Conversation */

/** Characters of an address that the server takes. */
const LONGEST_CONTACT = 320;

/** Keeps the page up to date about who answers in the open conversation. */
export class People {
  #bar = byId("person-bar");
  #isOffered;
  #onTurn;
  /** @type {import("../shared/client.js").ApiClient|null} */
  #client = null;
  /** @type {Conversation|null} */
  #conversation = null;
  /** @type {HandoverWatch|null} */
  #watch = null;
  /** @type {{state: "bot"|"waiting"|"person", person: string|null}} */
  #standing = { state: "bot", person: null };
  #shown = "";

  /**
   * @param {object} options
   * @param {() => boolean} options.isOffered whether the assistant's visitors may ask for a person
   * @param {(conversation: Conversation, turn: import("../shared/turn.js").Turn) => void}
   *   options.onTurn called for each turn that others have added
   */
  constructor({ isOffered, onTurn }) {
    this.#isOffered = isOffered;
    this.#onTurn = onTurn;
    onLanguage(() => this.#show(true));
  }

  /**
   * Begin with a conversation, which may have no thread yet.
   *
   * @param {import("../shared/client.js").ApiClient} client
   * @param {Conversation} conversation
   */
  begin(client, conversation) {
    this.leave();
    this.#client = client;
    this.#conversation = conversation;
    this.#watch = new HandoverWatch(client, (standing) => this.#changed(conversation, standing));
    this.look();
  }

  /** Look who answers: the thread was opened or created, or a question went to a person. */
  async look() {
    const threadId = this.#conversation?.threadId;
    this.#show();
    if (threadId) await this.#watch?.watch(threadId);
  }

  leave() {
    this.#watch?.stop();
    this.#conversation = null;
    this.#standing = { state: "bot", person: null };
    this.#show();
  }

  /**
   * @param {import("../shared/turn.js").Turn} turn that changed: without a run, a person has it
   */
  turned(turn) {
    const isDelivered = turn.question && turn.status === "completed" && !turn.runId;
    if (isDelivered && this.#standing.state !== "person") this.look();
  }

  async #changed(conversation, standing) {
    if (conversation !== this.#conversation) return;
    this.#standing = standing;
    this.#show();
    await this.#attempt(async () => {
      const newer = await loadNewer(/** @type {any} */ (this.#client), conversation);
      if (conversation !== this.#conversation) return;
      for (const turn of newer) this.#onTurn(conversation, turn);
      const message = newer.flatMap(messagesOf).findLast(({ metadata }) => metadata.person);
      if (!message) return;
      const text = message.parts.map((part) => part.value).join(" ");
      announce("personSaid", { name: message.metadata.person, text });
    });
  }

  #show(anew = false) {
    const { state, person } = this.#standing;
    const hasBegun = Boolean(this.#conversation?.threadId);
    const form = JSON.stringify([state, person, hasBegun, hasBegun && this.#isOffered()]);
    // Unchanged, it keeps what the reader has typed, and the focus.
    if (form === this.#shown && !anew) return;
    this.#shown = form;
    const isEmpty = !hasBegun || (state === "bot" && !this.#isOffered());
    this.#bar.hidden = isEmpty;
    this.#bar.replaceChildren(...(isEmpty ? [] : this.#content()));
  }

  #content() {
    const { state, person } = this.#standing;
    if (state === "bot") return [this.#button("askPerson", () => this.#askForContact())];
    const name = state === "person" ? "personAnswers" : "personAwaited";
    const said = say(el("p", { className: "note", role: "status" }), name, { name: person ?? "" });
    if (state === "person") return [said];
    return [said, this.#button("withdraw", () => this.#change("DELETE"))];
  }

  #button(name, onclick) {
    return say(el("button", { type: "button", className: "secondary", onclick }), name);
  }

  #askForContact() {
    const properties = { type: "text", maxLength: LONGEST_CONTACT, autocomplete: "email" };
    const contact = el("input", properties);
    const label = el("label", {}, say(el("span"), "contact"), contact);
    const onsubmit = (event) => {
      event.preventDefault();
      const given = contact.value.trim();
      this.#change("POST", given ? { contact: given } : {});
    };
    const ask = say(el("button", { type: "submit", className: "secondary" }), "askPerson");
    this.#bar.replaceChildren(el("form", { onsubmit }, label, ask));
    contact.focus();
  }

  #change(method, body) {
    return this.#attempt(async () => this.#watch?.change(method, body));
  }

  async #attempt(work) {
    try {
      await work();
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      notifyError(error);
    }
  }
}
