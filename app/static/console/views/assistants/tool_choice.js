/** The choice of an assistant's tools: those of the protocol, and the server's functions. */

import { offeredTools } from "../../../shared/calls/registry.js";
import { el } from "../../../shell/dom.js";
import { currentLanguage, say } from "../../../shell/speech.js";

let count = 0;

/** Check boxes for tools; a tool without one stays as it is. */
export class ToolChoice {
  #known;
  /** @type {Record<string, any>[]} */
  #tools = [];
  element = el("div", { className: "tool-choice" });

  /**
   * @param {import("../../../shared/api.d.ts").ApiObject[]} functions of the server
   * @param {() => void} onChange
   */
  constructor(functions, onChange) {
    const own = offeredTools(currentLanguage()).map(({ type, name, hint }) => {
      return { key: type, name, hint, tool: { type } };
    });
    const served = functions.map(({ name, description, parameters }) => {
      const tool = { type: "function", function: { name, description, parameters } };
      return { key: `function ${name}`, name, hint: description.split("\n")[0], tool };
    });
    this.#known = [...own, ...served];
    this.element.addEventListener("change", () => {
      this.#tools = this.#read();
      onChange();
    });
  }

  /** @param {Record<string, any>[]} tools */
  show(tools) {
    this.#tools = tools;
    const chosen = new Set(tools.map(keyOf));
    const boxes = this.#known.map((known) => box(known, chosen.has(known.key)));
    const keys = new Set(this.#known.map(({ key }) => key));
    const others = tools.filter((tool) => !keys.has(keyOf(tool)));
    this.element.replaceChildren(...boxes);
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

function keyOf(tool) {
  return tool.type === "function" ? `function ${tool.function.name}` : tool.type;
}

function box({ key, name, hint }, checked) {
  count += 1;
  const id = `tool-${count}`;
  const input = el("input", { type: "checkbox", id, value: key, checked });
  input.setAttribute("aria-describedby", `${id}-hint`);
  return el("div", { className: "tool" }, input, el("label", { htmlFor: id }, name),
    el("p", { className: "hint", id: `${id}-hint` }, hint));
}
