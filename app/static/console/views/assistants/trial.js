/** A chat beside the form that tries what the form says, before it is published. */

import { Approvals, asksAPerson } from "../../../shared/approvals.js";
import { StepView } from "../../../shared/calls/call_view.js";
import { Conversation } from "../../../shared/conversation.js";
import { sendsMessage } from "../../../shared/keyboard.js";
import { errorText } from "../../../shared/language.js";
import { sourcesOf } from "../../../shared/markdown.js";
import { partView } from "../../../shared/part_views.js";
import { isUnderWay, messagesOf } from "../../../shared/turn.js";
import { el } from "../../../shell/dom.js";
import { currentLanguage, iconButton, label, say, words } from "../../../shell/speech.js";
import { attempt } from "../../pieces/attempt.js";
import { actionButton } from "../../pieces/view_head.js";

/** Marks the threads of trials, should one be left behind. */
const MARK = { threadkeeper_trial: "true" };
const OVERRIDES = [
  ...["model", "tools", "temperature", "top_p", "reasoning_effort", "response_format"],
];

/** Its thread is deleted when it is closed. */
export class Trial {
  #context;
  #options;
  #turns = new Map();
  #log = label(el("div", { className: "trial-log", role: "log", tabIndex: 0 }), "messages");
  #field = el("textarea", { rows: 2, dir: "auto" });
  #send = actionButton("primary", "send", () => this.#ask());
  #stop = actionButton("secondary", "stop", () => attempt(this.#conversation.stop()));
  #conversation;

  /**
   * @param {import("../../context.js").Context} context
   * @param {{assistantId: string, content: () => Record<string, any>, onClose: () => void}} options
   */
  constructor(context, options) {
    this.#context = context;
    this.#options = options;
    this.#conversation = this.#begin();
    label(this.#field, "trialField");
    this.#field.dataset.placeholder = "placeholder";
    this.#field.placeholder = words("placeholder");
    this.#field.addEventListener("keydown", (event) => {
      if (!sendsMessage(event)) return;
      event.preventDefault();
      this.#ask();
    });
    this.#stop.hidden = true;
    this.element = el(
      "section",
      { className: "trial" },
      el("div", { className: "trial-head" }, say(el("h2"), "trial"),
        iconButton("again", "startOver", { onclick: () => this.#startOver() }),
        iconButton("close", "close", { onclick: options.onClose })),
      say(el("p", { className: "hint" }), "trialText"),
      this.#log,
      el("div", { className: "trial-composer" }, this.#field, this.#send, this.#stop),
    );
  }

  focus() {
    this.#field.focus();
  }

  close() {
    this.#forget();
  }

  #begin() {
    return new Conversation({
      client: this.#context.client,
      mayRun: true,
      toolsOf: () => this.#options.content().tools ?? [],
      trialOf: () => this.#trialOf(),
      onTurn: (turn) => this.#show(turn),
    });
  }

  #trialOf() {
    const content = this.#options.content();
    const given = OVERRIDES.filter((name) => content[name] !== null);
    const run = Object.fromEntries(given.map((name) => [name, content[name]]));
    const resources = content.tool_resources ?? {};
    const thread = { metadata: MARK, ...(Object.keys(resources).length
      ? { tool_resources: resources } : {}) };
    // Null would mean the published instructions.
    return { run: { ...run, instructions: content.instructions ?? "" }, thread };
  }

  #ask() {
    const text = this.#field.value.trim();
    if (!text || this.#conversation.current) return;
    this.#field.value = "";
    this.#conversation.send({ text, assistantId: this.#options.assistantId });
  }

  #startOver() {
    this.#forget();
    this.#turns.clear();
    this.#log.replaceChildren();
    this.#conversation = this.#begin();
    this.#stop.hidden = true;
    this.#send.hidden = false;
    this.focus();
  }

  #forget() {
    const { threadId } = this.#conversation;
    this.#conversation.leave();
    // A run that is still going on is cancelled with its thread.
    if (threadId) attempt(this.#context.client.delete(`threads/${threadId}`));
  }

  #show(turn) {
    if (!this.#conversation?.turns.includes(turn)) return;
    let view = this.#turns.get(turn);
    if (!view) {
      const conversation = this.#conversation;
      view = new TrialTurn(turn, conversation.files, async (verdicts) => {
        await attempt(conversation.decide(turn, verdicts));
      });
      this.#turns.set(turn, view);
      this.#log.append(view.element);
    }
    view.show();
    this.#log.scrollTop = this.#log.scrollHeight;
    const busy = Boolean(this.#conversation.current);
    this.#send.hidden = busy;
    this.#stop.hidden = !busy;
  }
}

/** A question, its answer with the steps that led to it, and calls that a person must allow. */
class TrialTurn {
  #turn;
  #files;
  #approvals;
  #views = new Map();
  #body = el("div", { className: "trial-answer" });
  #state = el("p", { className: "trial-state" });

  constructor(turn, files, decide) {
    this.#turn = turn;
    this.#files = files;
    this.#approvals = new Approvals({ t: words, decide, buttonClass: "secondary" });
    const asked = el("p", { className: "trial-question", dir: "auto" }, turn.question.text);
    this.element = el("article", { className: "trial-turn" }, asked, this.#body,
      this.#approvals.element, this.#state);
  }

  show() {
    const turn = this.#turn;
    const sources = sourcesOf(messagesOf(turn).flatMap(({ parts }) => parts));
    const growing = isUnderWay(turn);
    const elements = turn.items.flatMap((item) => this.#viewsOf(item, sources, growing));
    const same = elements.length === this.#body.children.length
      && elements.every((one, place) => one === this.#body.children[place]);
    if (!same) this.#body.replaceChildren(...elements);
    this.element.setAttribute("aria-busy", String(growing));
    this.#approvals.show(turn);
    const state = stateOf(turn);
    this.#state.textContent = state ? words(state.name, state.values) : "";
  }

  #viewsOf(item, sources, growing) {
    if (item.kind === "step") {
      if (!this.#views.has(item.id)) {
        const texts = { t: words, language: currentLanguage };
        const frame = (block) => block;
        const options = { files: this.#files, ...texts, frame, onDrawn() {} };
        this.#views.set(item.id, new StepView(options));
      }
      const view = this.#views.get(item.id);
      view.show(item);
      return [view.element];
    }
    return item.parts.map((part, place) => {
      const key = `${item.id} ${place}`;
      if (!this.#views.has(key)) {
        const options = { files: this.#files, t: words, onDrawn() {}, markdown: MARKDOWN };
        this.#views.set(key, partView(part, options));
      }
      const view = this.#views.get(key);
      view.show(part, sources, growing);
      view.element.classList.add("trial-text");
      return view.element;
    });
  }
}

const MARKDOWN = {
  onDrawn() {},
  nameButton: (button, { number, name }) => label(button, "citation", { number, name }),
  plainNote: () => say(el("p", { className: "hint" }), "plainText"),
  decorate: (fragment) => {
    for (const block of fragment.querySelectorAll("pre")) block.tabIndex = 0;
    return fragment;
  },
};

/** @returns {{name: string, values?: import("../../../shared/language.js").Values}|null} */
function stateOf(turn) {
  if (turn.error) return errorText(turn.error);
  if (turn.status === "stopped") return { name: "stopped" };
  if (turn.status === "incomplete") return { name: "cutOff" };
  if (asksAPerson(turn)) return null;
  if (turn.status === "waiting") {
    return { name: "waiting", values: { names: turn.awaited.map(({ name }) => name).join(", ") } };
  }
  return isUnderWay(turn) && !messagesOf(turn).length ? { name: "thinking" } : null;
}
