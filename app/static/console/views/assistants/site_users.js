/** Signed-in visitors of a site: the secrets that it signs with, and programs that do. */

import { copy } from "../../../shell/clipboard.js";
import { confirm } from "../../../shell/dialogs.js";
import { el } from "../../../shell/dom.js";
import { label, say } from "../../../shell/speech.js";
import { timeOf } from "../../../shell/times.js";
import { attempt } from "../../pieces/attempt.js";
import { Field } from "../../pieces/form.js";
import { actionButton } from "../../pieces/view_head.js";
import { samples } from "./user_token_samples.js";

const PATH = "user_token_secrets";

/**
 * @typedef {{id: string, created_at: number, redacted_value: string}} Secret
 * @typedef {import("../../../shared/client.js").ApiClient} Client
 */

/**
 * @param {import("../../context.js").Context} context
 * @returns {HTMLElement} folded; its content is made when it is opened
 */
export function signedInVisitors({ client }) {
  const element = el("details", { className: "site-settings" }, say(el("summary"), "siteUsers"));
  element.addEventListener("toggle", () => {
    const secrets = new Secrets(client);
    element.append(el("div", { className: "site-steps" },
      say(el("p", { className: "muted" }), "siteUsersText"), secrets.element, signing()));
    secrets.load();
  }, { once: true });
  return element;
}

/** The project's secrets, and the new one, which is shown this once. */
class Secrets {
  #client;
  #list = label(el("ul", { className: "site-secrets" }), "siteSecrets");
  #value = el("input", { type: "text", readOnly: true, className: "site-secret" });
  #new;
  #make = actionButton("secondary", "siteMakeSecret", () => this.#create(), "plus");

  /** @param {Client} client */
  constructor(client) {
    this.#client = client;
    this.#value.addEventListener("focus", () => this.#value.select());
    const copied = actionButton("primary", "siteCopySecret", () => copy(this.#value.value), "copy");
    this.#new = el("div", { className: "site-form", hidden: true },
      new Field({ name: "value", label: "siteNewSecret", control: this.#value,
        hint: "siteSecretMade" }).element,
      el("div", {}, copied));
    this.element = el("div", { className: "site-form" }, this.#list, this.#new,
      el("div", {}, this.#make));
  }

  async load() {
    const page = await attempt(this.#client.get(PATH));
    if (page) this.#list.replaceChildren(...page.data.map((one) => this.#row(one)));
  }

  /** @param {Secret} secret */
  #row(secret) {
    const remove = actionButton("secondary", "siteDeleteSecret", () => this.#delete(secret));
    return el("li", {}, el("code", {}, secret.redacted_value), timeOf(secret.created_at) ?? "",
      remove);
  }

  async #create() {
    this.#make.disabled = true;
    const made = await attempt(this.#client.post(PATH));
    this.#make.disabled = false;
    if (!made) return;
    this.#value.value = made.value;
    this.#new.hidden = false;
    this.#value.focus();
    await this.load();
  }

  /** @param {Secret} secret */
  async #delete({ id, redacted_value: shown }) {
    const asked = { title: "siteDeleteSecretTitle", text: "siteDeleteSecretText",
      yes: "siteDeleteSecret", values: { secret: shown } };
    if (!(await confirm(asked))) return;
    if (await attempt(this.#client.delete(`${PATH}/${id}`))) await this.load();
  }
}

function signing() {
  const language = el("select", {});
  language.append(...Object.keys(samples).map((name) => el("option", { value: name }, name)));
  const shown = el("code");
  const code = label(el("pre", { className: "code-sample", tabIndex: 0 }, shown), "siteSample");
  const show = () => {
    shown.textContent = samples[language.value];
  };
  language.addEventListener("change", show);
  show();
  const copied = actionButton("secondary", "siteCopySample", () => copy(shown.textContent ?? ""),
    "copy");
  const chosen = new Field({ name: "language", label: "siteSampleLanguage", control: language });
  return el("div", { className: "site-form" }, say(el("p"), "siteSampleText"), chosen.element, code,
    el("div", {}, copied), say(el("p"), "siteUserTag"));
}
