/** The bar above the message field: asks for a person, and says who answers. */

import { element } from "./elements.js";

/** Shows a button, a form or who answers, depending on the conversation's state. */
export class PersonBar {
  #t;
  #actions;
  #isOffered = false;
  #state = "bot";
  element = element("div", { className: "person-bar", hidden: true });
  #said = element("p", { className: "note" });
  #button = element("button", { type: "button", className: "outline" });
  #form;
  #contact = element("input", { type: "text", maxLength: 320, autocomplete: "email" });

  /**
   * @param {(name: string, values?: import("../shared/language.js").Values) => string} t texts
   * @param {{ask: (contact: string) => void, withdraw: () => void}} actions
   */
  constructor(t, actions) {
    this.#t = t;
    this.#actions = actions;
    const label = element("label", {}, t("contact"), this.#contact);
    const ask = element("button", { type: "submit", className: "outline" }, t("askPerson"));
    this.#form = element("form", { className: "person-form", hidden: true }, label, ask);
    this.#form.addEventListener("submit", (event) => {
      event.preventDefault();
      actions.ask(this.#contact.value.trim());
    });
    this.#button.addEventListener("click", () => this.#press());
    this.element.append(this.#said, this.#button, this.#form);
    this.#said.setAttribute("role", "status");
  }

  /**
   * @param {{state: string, person: string|null}} standing
   * @param {boolean} isOffered whether visitors may ask for a person
   */
  show({ state, person }, isOffered) {
    this.#state = state;
    this.#isOffered = isOffered;
    /** @type {Record<string, string>} */
    const texts = { waiting: "personAwaited", person: "personAnswers" };
    this.#said.textContent = state === "bot" ? "" : this.#t(texts[state], { name: person ?? "" });
    this.#said.hidden = state === "bot";
    this.#form.hidden = true;
    this.#button.textContent = this.#t(state === "waiting" ? "withdraw" : "askPerson");
    this.#button.hidden = state === "person";
    this.element.hidden = state === "bot" && !this.#isOffered;
  }

  #press() {
    if (this.#state === "waiting") {
      this.#actions.withdraw();
      return;
    }
    this.#button.hidden = true;
    this.#form.hidden = false;
    this.#contact.focus();
  }
}
