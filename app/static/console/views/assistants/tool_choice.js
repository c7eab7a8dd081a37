/** The choice of an assistant's tools: those of the protocol, the server's functions, actions. */

import { offeredTools } from "../../../shared/calls/registry.js";
import { el } from "../../../shell/dom.js";
import { currentLanguage, say } from "../../../shell/speech.js";
import { chip } from "../../pieces/facts.js";

let count = 0;

/** Check boxes for tools; a tool without one stays as it is. */
export class ToolChoice {
  #own;
  #actions;
  #known;
  /** @type {Record<string, any>[]} */
  #tools = [];
  element = el("div", { className: "tool-choice" });

  /**
   * @param {import("../../../shared/api.d.ts").ApiObject[]} functions of the server
   * @param {import("./offered.js").OfferedAction[]} actions
   * @param {() => void} onChange
   */
  constructor(functions, actions, onChange) {
    const own = offeredTools(currentLanguage()).map(({ type, name, hint }) => {
      return { key: type, name, hint, tool: { type } };
    });
    const served = functions.map(({ name, description, parameters }) => {
      const tool = { type: "function", function: { name, description, parameters } };
      return { key: `function ${name}`, name, hint: description.split("\n")[0], tool };
    });
    this.#own = [...own, ...served];
    this.#actions = actions.map((action) => ({ ...action, tools: action.operations.map(toolOf) }));
    this.#known = [...this.#own, ...this.#actions.flatMap(({ tools }) => tools)];
    this.element.addEventListener("change", () => {
      this.#tools = this.#read();
      onChange();
    });
  }

  /** @param {Record<string, any>[]} tools */
  show(tools) {
    this.#tools = tools;
    const chosen = new Set(tools.map(keyOf));
    const boxes = this.#own.map((known) => box(known, chosen.has(known.key)));
    const actions = this.#actions.map((action) => actionBoxes(action, chosen));
    const keys = new Set(this.#known.map(({ key }) => key));
    const others = tools.filter((tool) => !keys.has(keyOf(tool)));
    this.element.replaceChildren(...boxes, ...actions);
    if (!others.length) return;
    const chips = others.map((tool) => el("span", { className: "chip" }, tool.function?.name ?? tool.type));
    this.element.append(say(el("p", { className: "hint" }), "otherTools"),
      el("p", { className: "chips" }, ...chips));
  }

  /** @returns {Record<string, any>[]} */
  read() {
    return this.#tools;
  }

  #read() {
    const states = new Map([...this.element.querySelectorAll("input")].map((one) => {
      return [one.value, one.checked];
    }));
    const kept = this.#tools.filter((tool) => states.get(keyOf(tool)) ?? true);
    const there = new Set(kept.map(keyOf));
    const added = this.#known.filter(({ key }) => states.get(key) && !there.has(key));
    return [...kept, ...added.map(({ tool }) => tool)];
  }
}

/** @param {import("../actions/types.js").Operation} operation */
function toolOf({ name, asks, tool, function: described }) {
  const hint = described?.description?.split("\n")[0] ?? "";
  return { key: `function ${tool?.function.name}`, name, hint, asks, tool: tool ?? {} };
}

/** One box for all operations of an action, and below it one for each. */
function actionBoxes({ title, address, tools }, chosen) {
  count += 1;
  const id = `tool-${count}`;
  const whole = el("input", { type: "checkbox", id, value: "" });
  const boxes = tools.map((known) => box(known, chosen.has(known.key)));
  const inputs = boxes.map((one) => /** @type {HTMLInputElement} */ (one.querySelector("input")));
  const number = say(el("summary"), "operationsOf", { count: 0, all: 0 });
  const showWhole = () => {
    const on = inputs.filter(({ checked }) => checked).length;
    whole.checked = on === inputs.length;
    whole.indeterminate = on > 0 && on < inputs.length;
    say(number, "operationsOf", { count: on, all: inputs.length });
  };
  whole.addEventListener("change", () => {
    for (const input of inputs) input.checked = whole.checked;
    showWhole();
  });
  const details = el("details", { className: "action-tools" }, number, ...boxes);
  details.addEventListener("change", showWhole);
  showWhole();
  whole.setAttribute("aria-describedby", `${id}-hint`);
  return el("div", { className: "tool" }, whole, el("label", { htmlFor: id }, title),
    el("p", { className: "hint", id: `${id}-hint` }, address), details);
}

function keyOf(tool) {
  return tool.type === "function" ? `function ${tool.function.name}` : tool.type;
}

function box({ key, name, hint, asks = false }, checked) {
  count += 1;
  const id = `tool-${count}`;
  const input = el("input", { type: "checkbox", id, value: key, checked });
  input.setAttribute("aria-describedby", `${id}-hint`);
  const named = el("label", { htmlFor: id }, name);
  return el("div", { className: "tool" }, input,
    asks ? el("div", { className: "chips" }, named, chip("chip-accent", "asksFirst")) : named,
    el("p", { className: "hint", id: `${id}-hint` }, hint));
}
