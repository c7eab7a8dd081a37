/** Where an action's OpenAPI document comes from: an address, a file, or pasted text. */

import { el } from "../../../shell/dom.js";
import { acceptDrops } from "../../../shell/drops.js";
import { say } from "../../../shell/speech.js";
import { Field } from "../../pieces/form.js";
import { actionButton } from "../../pieces/view_head.js";

export class DocumentFields {
  #url = el("input", { type: "url", maxLength: 2048, placeholder: "https://" });
  #text = el("textarea", { rows: 8, spellcheck: false, className: "code-field" });

  /** @param {() => void} [onChange] */
  constructor(onChange) {
    const file = el("input", { type: "file", hidden: true, accept: ".json,.yaml,.yml,.txt" });
    const read = async (/** @type {FileList|null} */ files) => {
      if (!files?.[0]) return;
      this.#text.value = await files[0].text();
      this.#url.value = "";
      onChange?.();
    };
    file.addEventListener("change", () => read(file.files));
    const choose = actionButton("secondary", "chooseDocument", () => file.click(), "file");
    this.fields = [
      new Field({ name: "document_url", label: "documentUrl", control: this.#url, hint: "documentUrlHint" }),
      new Field({
        name: "document", label: "documentText", control: this.#text, hint: "documentTextHint",
        below: [el("div", {}, choose, file)],
      }),
    ];
    const [url, text] = this.fields.map(({ element }) => element);
    this.element = el("div", { className: "document-fields" }, url,
      say(el("p", { className: "muted" }), "documentOr"), text);
    acceptDrops(text, read);
    for (const input of [this.#url, this.#text]) {
      input.addEventListener("input", () => onChange?.());
    }
  }

  /** @returns {string} */
  get text() {
    return this.#text.value;
  }

  /** @returns {Record<string, string>} what to send; empty: nothing was given */
  read() {
    const url = this.#url.value.trim();
    if (this.#text.value.trim()) return { document: this.#text.value };
    return url ? { document_url: url } : {};
  }

  clear() {
    this.#url.value = this.#text.value = "";
  }
}
