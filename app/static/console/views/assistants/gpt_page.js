/** The page that imports a GPT: what is pasted and dropped, and what became of it. */

import { toolsThatRunCode } from "../../../shared/calls/registry.js";
import { ApiError } from "../../../shared/client.js";
import { el } from "../../../shell/dom.js";
import { acceptDrops } from "../../../shell/drops.js";
import { iconButton, say } from "../../../shell/speech.js";
import { Field, group, showError } from "../../pieces/form.js";
import { showFailure, showLoading } from "../../pieces/states.js";
import { actionButton, viewHead } from "../../pieces/view_head.js";
import { readGpt } from "./gpt.js";
import { importGpt } from "./gpt_import.js";

/** @typedef {import("../../context.js").Context} Context */

/**
 * @param {HTMLElement} container
 * @param {Context} context
 */
export async function openImport(container, context) {
  const place = el("div");
  const back = { href: "#/assistants", name: "assistants" };
  container.append(viewHead(context, { title: "importGpt", text: "importGptText", back }), place);
  showLoading(place);
  try {
    const { data } = await context.client.get("models");
    place.replaceChildren(new GptForm(context, data).element);
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    showFailure(place, error, null);
  }
}

class GptForm {
  #context;
  #inputs = {
    json: el("textarea", { rows: 4, spellcheck: false, className: "code-field" }),
    name: el("input", { type: "text", maxLength: 256, autocomplete: "off" }),
    description: el("input", { type: "text", maxLength: 512, autocomplete: "off" }),
    instructions: el("textarea", { rows: 10, dir: "auto" }),
    starters: el("textarea", { rows: 4, dir: "auto" }),
    model: el("select"),
    action: el("textarea", { rows: 6, spellcheck: false, className: "code-field" }),
  };
  /** @type {import("./gpt.js").Gpt|null} */
  #gpt = null;
  /** @type {File[]} */
  #files = [];
  #read = el("p", { className: "hint", role: "status" });
  #wanted = el("p", { className: "hint" });
  #dropped = el("ul", { className: "gpt-files" });
  #state = el("p", { className: "muted", role: "status" });
  #button = actionButton("primary", "importNow", () => this.element.requestSubmit());
  /** @type {Field[]} */
  #fields;
  /** @type {HTMLFormElement} */
  element;

  /**
   * @param {Context} context
   * @param {import("../../../shared/api.d.ts").ApiObject[]} models
   */
  constructor(context, models) {
    this.#context = context;
    const inputs = this.#inputs;
    inputs.model.append(...models.map(({ id }) => el("option", { value: id }, id)));
    const fields = {
      json: new Field({
        name: "json", label: "gptJson", hint: "gptJsonHint", control: inputs.json, below: [this.#read],
      }),
      name: new Field({ name: "name", label: "nameField", control: inputs.name }),
      description: new Field({
        name: "description", label: "descriptionField", control: inputs.description,
      }),
      instructions: new Field({
        name: "instructions", label: "instructionsField", control: inputs.instructions,
      }),
      starters: new Field({
        name: "metadata", label: "gptStarters", hint: "suggestionsHint", control: inputs.starters,
      }),
      model: new Field({ name: "model", label: "modelField", control: inputs.model }),
      action: new Field({
        name: "document", label: "gptAction", hint: "gptActionHint", control: inputs.action,
      }),
    };
    this.#fields = Object.values(fields);
    const of = (/** @type {keyof typeof fields} */ name) => fields[name].element;
    this.element = el(
      "form",
      { className: "assistant-form gpt-form", noValidate: true },
      group("groupGptJson", of("json")),
      group("groupWho", of("name"), of("description"), of("instructions"), of("starters"), of("model")),
      group("groupGptAction", of("action")),
      group("groupGptFiles", this.#zone(), this.#wanted, this.#dropped),
      el("div", { className: "form-end" }, this.#button, this.#state),
      el("input", { type: "submit", hidden: true }),
    );
    inputs.json.addEventListener("input", () => this.#readJson());
    acceptDrops(of("json"), async (files) => {
      inputs.json.value = await files[0].text();
      this.#readJson();
    });
    this.element.addEventListener("submit", (event) => {
      event.preventDefault();
      this.#import();
    });
  }

  #zone() {
    const input = el("input", { type: "file", multiple: true, hidden: true });
    input.addEventListener("change", () => {
      this.#add(input.files);
      input.value = "";
    });
    const choose = actionButton("secondary", "gptChooseFiles", () => input.click(), "file");
    const zone = el("div", { className: "drop-zone" }, say(el("p"), "gptDropFiles"), choose, input);
    acceptDrops(zone, (files) => this.#add(files));
    return zone;
  }

  /** @param {FileList|null} files */
  #add(files) {
    this.#files.push(...(files ?? []));
    this.#showFiles();
  }

  #showFiles() {
    this.#dropped.replaceChildren(...this.#files.map((file) => {
      const remove = () => {
        this.#files = this.#files.filter((one) => one !== file);
        this.#showFiles();
      };
      return el("li", {}, el("span", {}, file.name),
        iconButton("close", "gptDropFile", { onclick: remove }, { name: file.name }));
    }));
    const there = new Set(this.#files.map(({ name }) => name.normalize()));
    const missing = (this.#gpt?.files ?? []).filter((name) => !there.has(name.normalize()));
    if (missing.length) say(this.#wanted, "gptFilesMissing", { names: missing.join(", ") });
    else this.#wanted.textContent = "";
  }

  #readJson() {
    const { json, name, description, instructions, starters } = this.#inputs;
    this.#gpt = json.value.trim() ? readGpt(json.value) : null;
    if (!this.#gpt) {
      if (json.value.trim()) say(this.#read, "gptUnread");
      else this.#read.textContent = "";
      return;
    }
    const gpt = this.#gpt;
    name.value = gpt.name;
    description.value = gpt.description;
    instructions.value = gpt.instructions;
    starters.value = gpt.starters.join("\n");
    const values = {
      actions: gpt.actions.length, starters: gpt.starters.length, files: gpt.files.length,
    };
    say(this.#read, gpt.instructions ? "gptWasRead" : "gptWasReadWithout", values);
    this.#showFiles();
  }

  #content() {
    const { name, description, instructions, starters, model } = this.#inputs;
    const suggestions = starters.value.trim();
    const greeting = this.#gpt?.greeting ?? "";
    return {
      name: name.value.trim() || null,
      description: description.value.trim() || null,
      instructions: instructions.value || null,
      model: model.value,
      tools: this.#gpt?.runsCode ? toolsThatRunCode() : [],
      metadata: { ...(suggestions ? { suggestions } : {}), ...(greeting ? { greeting } : {}) },
    };
  }

  async #import() {
    const pasted = this.#inputs.action.value;
    const actions = [...(this.#gpt?.actions ?? [])];
    if (pasted.trim()) actions.push({ document: pasted, title: "", domain: "", auth: "none" });
    this.#button.disabled = true;
    try {
      const wanted = { content: this.#content(), actions, files: this.#files };
      const done = await importGpt(this.#context.client, wanted, (text, values) => {
        say(this.#state, text, values);
      });
      this.#showReport(done);
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      this.#state.textContent = "";
      showError(this.#fields, error);
    } finally {
      this.#button.disabled = false;
    }
  }

  /** @param {{id: string, lines: import("./gpt_import.js").Line[]}} done */
  #showReport({ id, lines }) {
    const left = (this.#gpt?.left ?? []).map((text) => ({ kind: "left", text }));
    const all = [...lines, ...left];
    const listed = (/** @type {string} */ kind) => {
      return all.filter((one) => one.kind === kind).map(lineOf);
    };
    const [taken, missing] = [listed("taken"), listed("left")];
    const heading = say(el("h2", { tabIndex: -1 }), "gptDone");
    const open = el("a", { className: "primary", href: `#/assistants/${id}` });
    const report = el("div", { className: "form-group gpt-report" }, heading,
      taken.length ? el("ul", {}, ...taken) : null,
      missing.length ? say(el("h3"), "gptNotTaken") : null,
      missing.length ? el("ul", {}, ...missing) : null,
      el("div", {}, say(open, "gptOpen")));
    this.element.replaceWith(report);
    heading.focus();
  }
}

/** @param {{text: string, values?: any, href?: string}} line */
function lineOf({ text, values, href }) {
  const said = href ? el("a", { href }) : el("span");
  return el("li", {}, say(said, text, values));
}
