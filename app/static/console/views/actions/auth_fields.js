/** The fields of an action's authentication. A stored secret is never shown again. */

import { el } from "../../../shell/dom.js";
import { say, words } from "../../../shell/speech.js";
import { Field } from "../../pieces/form.js";

/** @typedef {import("./types.js").Auth} Auth */

/** Kinds of authentication: the name of the choice's text, and the fields that it has. */
/** @type {Record<string, {text: string, fields: string[]}>} */
const KINDS = {
  none: { text: "authNone", fields: [] },
  bearer: { text: "authBearer", fields: ["secret"] },
  basic: { text: "authBasic", fields: ["secret"] },
  header: { text: "authHeader", fields: ["name", "secret"] },
  query: { text: "authQuery", fields: ["name", "secret"] },
  oauth: { text: "authOauth", fields: ["token_url", "client_id", "secret", "scope", "exchange"] },
};

export class AuthFields {
  #kind = el("select");
  /** @type {Record<string, HTMLInputElement|HTMLSelectElement>} */
  #inputs = {
    name: el("input", { type: "text", maxLength: 128, autocomplete: "off", spellcheck: false }),
    token_url: el("input", { type: "url", maxLength: 2048, placeholder: "https://" }),
    client_id: el("input", { type: "text", maxLength: 1024, autocomplete: "off" }),
    secret: el("input", { type: "password", maxLength: 8192, autocomplete: "new-password" }),
    scope: el("input", { type: "text", maxLength: 4096, autocomplete: "off" }),
    exchange: el("select"),
  };
  #own = new Map();
  #before = "";
  /** @type {Field[]} */
  fields;

  /** @param {Auth|null} auth as it is stored; null: of a new action */
  constructor(auth) {
    for (const [value, { text }] of Object.entries(KINDS)) {
      this.#kind.append(say(el("option", { value }), text));
    }
    this.#inputs.exchange.append(
      say(el("option", { value: "post" }), "exchangePost"),
      say(el("option", { value: "basic" }), "exchangeBasic"),
    );
    const kind = new Field({ name: "auth.type", label: "authField", control: this.#kind });
    const labels = {
      name: "authName", token_url: "authTokenUrl", client_id: "authClientId",
      secret: "authSecret", scope: "authScope", exchange: "authExchange",
    };
    for (const [name, label] of Object.entries(labels)) {
      const hint = name === "secret" ? "authSecretHint" : undefined;
      const control = this.#inputs[name];
      this.#own.set(name, new Field({ name: `auth.${name}`, label, control, hint }));
    }
    this.fields = [kind, ...this.#own.values()];
    this.element = el("div", { className: "auth-fields" }, ...this.fields.map(({ element }) => element));
    this.#kind.addEventListener("change", () => this.#showKind(auth));
    this.show(auth);
  }

  /** @param {Auth|null} auth */
  show(auth) {
    /** @type {Record<string, any>} */
    const stored = auth ?? {};
    this.#kind.value = !auth ? "none" : auth.type === "api_key" ? (auth.in ?? "bearer") : auth.type;
    for (const [name, input] of Object.entries(this.#inputs)) {
      input.value = name === "secret" ? "" : (stored[name] ?? "");
    }
    this.#inputs.exchange.value = auth?.exchange ?? "post";
    this.#showKind(auth);
    this.#before = JSON.stringify(this.#read());
  }

  /** @returns {Record<string, any>|null} what to send; null: nothing was changed */
  changes() {
    const read = this.#read();
    return JSON.stringify(read) === this.#before ? null : read;
  }

  #read() {
    const kind = this.#kind.value;
    if (kind === "none") return { type: "none" };
    const { fields } = KINDS[kind];
    const given = fields.map((name) => [name, this.#inputs[name].value.trim()]);
    const filled = Object.fromEntries(given.filter(([, value]) => value));
    return kind === "oauth" ? { type: "oauth", ...filled } : { type: "api_key", in: kind, ...filled };
  }

  /** @param {Auth|null} auth */
  #showKind(auth) {
    const { fields } = KINDS[this.#kind.value];
    for (const [name, field] of this.#own) field.element.hidden = !fields.includes(name);
    const stored = Boolean(auth?.has_secret);
    const secret = /** @type {HTMLInputElement} */ (this.#inputs.secret);
    secret.placeholder = stored ? words("secretStored") : "";
    const hint = this.#own.get("secret").element.querySelector(".hint");
    /** @type {Record<string, string>} */
    const names = { basic: "secretBasicHint", oauth: "secretOauthHint" };
    say(hint, stored ? "secretStoredHint" : (names[this.#kind.value] ?? "authSecretHint"));
  }
}
