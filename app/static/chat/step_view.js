/** What tools did on the way to an answer, each folded away under a line. */

import { el } from "../shell/dom.js";
import { icon } from "../shell/icons.js";
import { say } from "../shell/speech.js";

/** Draws one step, and again as it goes on; whoever unfolded it finds it unfolded. */
export class StepView {
  element = el("div", { className: "step" });
  #calls = [];

  /** @param {import("../shared/turn.js").ToolStep} step */
  show(step) {
    step.calls.filter(Boolean).forEach((call, place) => {
      const view = (this.#calls[place] ??= this.#add());
      view.show(call, step.status);
    });
  }

  #add() {
    const view = new CallView();
    this.element.append(view.element);
    return view;
  }
}

class CallView {
  #title = el("span", {});
  #state = el("span", { className: "step-state" });
  #body = el("div", { className: "step-body" });
  #icon = el("span", { className: "step-icon" });

  constructor() {
    const summary = el("summary", {}, this.#icon, this.#title, this.#state, icon("chevron"));
    this.element = el("details", { className: "call" }, summary, this.#body);
  }

  show(call, status) {
    const busy = status === "in_progress";
    const isSearch = call.type === "file_search";
    const name = call.function?.name ?? call.type;
    this.element.classList.toggle("busy", busy);
    this.#icon.replaceChildren(icon(isSearch ? "search" : "tool"));
    if (isSearch) say(this.#title, busy ? "stepSearching" : "stepSearch");
    else say(this.#title, busy ? "stepCalling" : "stepFunction", { name });
    const failed = status === "failed" || status === "expired";
    if (failed) say(this.#state, "stepFailed");
    else this.#state.replaceChildren(...(status === "completed" ? [icon("check")] : []));
    this.#body.replaceChildren(...(isSearch ? searchDetails(call) : functionDetails(call)));
  }
}

function functionDetails({ function: called }) {
  if (!called) return [];
  const output = called.output ?? null;
  return [
    say(el("h3", {}), "arguments"),
    el("pre", { tabIndex: 0 }, pretty(called.arguments)),
    say(el("h3", {}), "output"),
    output === null
      ? say(el("p", { className: "muted" }), "noOutput")
      : el("pre", { tabIndex: 0 }, pretty(output)),
  ];
}

function searchDetails({ file_search: search }) {
  const results = search?.results ?? [];
  const lines = results.map((result) => {
    const text = result.content?.map((part) => part.text).join(" ") ?? "";
    return el(
      "li",
      {},
      el("strong", {}, result.file_name),
      text ? el("span", { className: "muted" }, ` ${shortened(text)}`) : null,
    );
  });
  return [
    say(el("p", { className: "muted" }), "results", { count: results.length }),
    el("ol", { className: "results" }, ...lines),
  ];
}

function pretty(text) {
  try {
    return JSON.stringify(JSON.parse(text), null, 2);
  } catch {
    return text;
  }
}

function shortened(text) {
  const line = text.replace(/\s+/g, " ").trim();
  return line.length > 160 ? `${line.slice(0, 160)}…` : line;
}
