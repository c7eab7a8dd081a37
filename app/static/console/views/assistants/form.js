/** The form of an assistant: reads and shows what it says. */

import { el } from "../../../shell/dom.js";
import { iconButton, say, words } from "../../../shell/speech.js";
import { Field } from "../../pieces/form.js";
import { ToolChoice } from "./tool_choice.js";

const MOST_INSTRUCTIONS = 256_000;
const EFFORTS = ["none", "minimal", "low", "medium", "high", "xhigh", "max"];
const DEFAULT_COLOR = "#0f6b63";
/** What the form shows of the metadata. */
const SHOWN = ["greeting", "suggestions", "color"];

/** What an assistant says, without what never changes: the fields that the API takes. */
export const CONTENT = [
  ...["name", "description", "model", "instructions", "tools", "top_p", "temperature"],
  ...["reasoning_effort", "tool_resources", "metadata", "response_format"],
];

/**
 * @param {Record<string, any>} found an assistant, a draft or a version
 * @returns {Record<string, any>} its content alone
 */
export function contentOf(found) {
  return Object.fromEntries(CONTENT.map((name) => [name, found[name] ?? null]));
}

/** Shows content in fields, and reads it back; what has no field stays as it is. */
export class AssistantForm {
  /** @type {Record<string, any>} */
  #content = {};
  #models;
  #inputs = {
    name: el("input", { maxLength: 256, autocomplete: "off" }),
    description: el("input", { maxLength: 512, autocomplete: "off" }),
    instructions: el("textarea", { rows: 14, maxLength: MOST_INSTRUCTIONS, dir: "auto" }),
    model: el("input", { maxLength: 256, autocomplete: "off", spellcheck: false }),
    temperature: el("input", { type: "number", min: "0", max: "2", step: "0.1" }),
    top_p: el("input", { type: "number", min: "0", max: "1", step: "0.05" }),
    reasoning_effort: el("select"),
    greeting: el("textarea", { rows: 2, maxLength: 512, dir: "auto" }),
    suggestions: el("textarea", { rows: 3, maxLength: 512, dir: "auto" }),
    color: el("input", { type: "color" }),
  };
  #count = el("p", { className: "field-count" });
  #retired = el("p", { className: "model-note", role: "status" });
  #usesColor = el("input", { type: "checkbox", id: "uses-color" });
  #tools;

  /**
   * @param {import("./offered.js").Offered} offered
   * @param {() => void} onChange
   */
  constructor({ models, functions, actions }, onChange) {
    this.#models = models;
    this.#tools = new ToolChoice(functions, actions, onChange);
    const inputs = this.#inputs;
    const listed = models.map(({ id, shutdown_date: day }) => el("option", {
      value: id,
      label: day ? words("modelUntil", { model: id, day }) : id,
    }));
    inputs.model.setAttribute("list", "models");
    inputs.reasoning_effort.append(
      say(el("option", { value: "" }), "effortDefault"),
      ...EFFORTS.map((one) => el("option", { value: one }, one)),
    );
    const field = (name, label, hint, below) => {
      const param = SHOWN.includes(name) ? `metadata.${name}` : name;
      return new Field({ name: param, label, hint, below, control: inputs[name] });
    };
    const expand = iconButton("expand", "fullHeight", { onclick: () => this.#expand(expand) });
    expand.setAttribute("aria-pressed", "false");
    const instructions = field("instructions", "instructionsField", "instructionsHint", [this.#count]);
    instructions.element.append(expand);
    instructions.element.classList.add("instructions");
    const color = field("color", "colorField");
    color.element.prepend(el("label", { className: "check" }, this.#usesColor,
      say(el("span"), "usesColor")));
    this.fields = [
      field("name", "nameField"),
      field("description", "descriptionField", "descriptionHint"),
      instructions,
      field("model", "modelField", "modelHint", [this.#retired]),
      field("temperature", "temperatureField", "temperatureHint"),
      field("top_p", "topPField", "topPHint"),
      field("reasoning_effort", "effortField", "effortHint"),
      field("greeting", "greetingField"),
      field("suggestions", "suggestionsField", "suggestionsHint"),
      color,
    ];
    const [name, description, , model, ...rest] = this.fields.map(({ element }) => element);
    const [temperature, topP, effort, ...start] = rest;
    this.element = el(
      "form",
      { className: "assistant-form", noValidate: true, onsubmit: (event) => event.preventDefault() },
      group("groupWho", name, description, instructions.element),
      group("groupModel", el("datalist", { id: "models" }, ...listed), model,
        el("div", { className: "field-row" }, temperature, topP, effort)),
      group("groupTools", this.#tools.element),
      group("groupStart", ...start),
    );
    this.element.addEventListener("input", () => {
      this.#showNotes();
      onChange();
    });
  }

  /** @param {Record<string, any>} content */
  show(content) {
    this.#content = structuredClone(content);
    const { metadata, ...shown } = content;
    for (const [name, input] of Object.entries(this.#inputs)) {
      const value = SHOWN.includes(name) ? metadata?.[name] : shown[name];
      if (name === "suggestions") input.value = linesOf(value);
      else if (name === "color") input.value = value ?? DEFAULT_COLOR;
      else input.value = value ?? "";
    }
    this.#usesColor.checked = Boolean(metadata?.color);
    this.#tools.show(content.tools ?? []);
    this.#showNotes();
  }

  /** @returns {Record<string, any>} */
  read() {
    const text = (name) => this.#inputs[name].value;
    const number = (name) => (text(name) === "" ? null : Number(text(name)));
    const metadata = { ...this.#content.metadata };
    for (const name of SHOWN) delete metadata[name];
    if (text("greeting").trim()) metadata.greeting = text("greeting");
    const suggestions = text("suggestions");
    if (suggestions.trim()) {
      // Unchanged, it stays in the form in which a program wrote it.
      const before = this.#content.metadata?.suggestions;
      metadata.suggestions = linesOf(before) === suggestions ? before : suggestions;
    }
    if (this.#usesColor.checked) metadata.color = text("color");
    return {
      ...this.#content,
      name: text("name") || null,
      description: text("description") || null,
      instructions: text("instructions") || null,
      model: text("model").trim(),
      temperature: number("temperature"),
      top_p: number("top_p"),
      reasoning_effort: text("reasoning_effort") || null,
      tools: this.#tools.read(),
      metadata,
    };
  }

  /** Show, but let nothing be changed. */
  lock() {
    for (const input of this.element.querySelectorAll("input, textarea, select")) {
      if (/** @type {Element} */ (input).matches("input:not([type=checkbox], [type=color]), textarea")) {
        /** @type {HTMLInputElement} */ (input).readOnly = true;
      } else /** @type {HTMLInputElement} */ (input).disabled = true;
    }
  }

  #showNotes() {
    const { length } = this.#inputs.instructions.value;
    const format = new Intl.NumberFormat();
    say(this.#count, "countOf", { count: format.format(length), most: format.format(MOST_INSTRUCTIONS) });
    const model = this.#models.find(({ id }) => id === this.#inputs.model.value.trim());
    this.#retired.hidden = !model?.shutdown_date;
    if (model?.shutdown_date) say(this.#retired, "modelRetires", { day: model.shutdown_date });
    this.#inputs.color.parentElement?.classList.toggle("unused", !this.#usesColor.checked);
  }

  #expand(button) {
    const isTall = this.#inputs.instructions.classList.toggle("tall");
    button.setAttribute("aria-pressed", String(isTall));
    this.#inputs.instructions.focus();
  }
}

function group(title, ...content) {
  return el("section", { className: "form-group" }, say(el("h2"), title), ...content);
}

/** @returns {string} suggestions, one a line, whether they are stored so or as a JSON list */
function linesOf(stored) {
  try {
    const list = JSON.parse(stored ?? "");
    if (Array.isArray(list)) return list.join("\n");
  } catch {
    // One a line already.
  }
  return stored ?? "";
}
