/** One conversation that a person answers in. */

import { ApiError } from "../../../shared/client.js";
import { browserStorage } from "../../../shared/storage.js";
import { el } from "../../../shell/dom.js";
import { notifyError } from "../../../shell/notices.js";
import { say, words } from "../../../shell/speech.js";
import { timeOf } from "../../../shell/times.js";
import { attempt } from "../../pieces/attempt.js";
import { Field } from "../../pieces/form.js";
import { repeat } from "../../pieces/repeating.js";
import { showFailure, showLoading } from "../../pieces/states.js";
import { actionButton, viewHead } from "../../pieces/view_head.js";
import { Composer } from "./composer.js";
import { addressOf, nameOf, noteOf } from "./facts.js";
import { Log } from "./log.js";

/** Milliseconds between two looks, and those after two minutes without news. */
const LOOK_MS = 4000;
const QUIET_LOOK_MS = 10_000;
const QUIET_AFTER_MS = 120_000;
/** The person's name, stored in this browser. */
const NAME = "threadkeeper.person";
const LONGEST_NAME = 128;

/**
 * @param {HTMLElement} container
 * @param {import("../../context.js").Context} context
 * @param {string} threadId
 * @returns {() => void}
 */
export function openOne(container, context, threadId) {
  const closing = new AbortController();
  const one = new OpenHandover(container, context, threadId, closing.signal);
  one.open();
  return () => closing.abort();
}

class OpenHandover {
  #container;
  #context;
  #path;
  #closed;
  #log;
  #composer;
  #about = el("div", { className: "box handover-about" });
  #standing = el("div", { className: "handover-standing" });
  #name = el("input", { maxLength: LONGEST_NAME, autocomplete: "name", dir: "auto" });
  /** @type {Record<string, any>|null} */
  #shown = null;
  /** When there was news, or the person wrote, in milliseconds. */
  #livelyAt = Date.now();

  /**
   * @param {HTMLElement} container
   * @param {import("../../context.js").Context} context
   * @param {string} threadId
   * @param {AbortSignal} closed
   */
  constructor(container, context, threadId, closed) {
    this.#container = container;
    this.#context = context;
    this.#path = `threads/${encodeURIComponent(threadId)}`;
    this.#closed = closed;
    this.#log = new Log(context.client, this.#path);
    this.#composer = new Composer((text) => this.#reply(text));
    this.#name.value = browserStorage.get(NAME) ?? "";
  }

  async open() {
    const back = { href: "#/handovers", name: "toHandovers" };
    const body = el("div");
    this.#container.append(viewHead(this.#context, { title: "handovers", back }), body);
    showLoading(body);
    try {
      const { client } = this.#context;
      const signal = this.#closed;
      const [handover, listed] = await Promise.all([
        client.get(`${this.#path}/handover`, { signal }),
        client.get("handovers", { query: { limit: 100 }, signal }),
      ]);
      // Who the site says it is stands only in the list.
      const visitor = listed.data.find(({ id }) => id === handover.thread_id)?.visitor ?? null;
      await this.#log.load(signal);
      const own = nameOf({ ...handover, visitor }) || words("someVisitor");
      this.#container.replaceChildren(
        viewHead(this.#context, { own, back }),
        this.#about,
        this.#log.element,
        this.#standing,
      );
      this.#about.append(
        ...[addressOf({ ...handover, visitor }), noteOf(handover.note), askedAt(handover)]
          .filter((part) => part !== null),
      );
      this.#about.hidden = !this.#about.childNodes.length;
      this.#show(handover);
      this.#log.toEnd();
      this.#composer.element.addEventListener("input", () => this.#note());
      repeat(() => this.#look(), () => this.#pause, this.#closed);
    } catch (error) {
      if (this.#closed.aborted) return;
      if (!(error instanceof ApiError)) throw error;
      showFailure(body, error, null);
    }
  }

  async #look() {
    const { client } = this.#context;
    const handover = await client.get(`${this.#path}/handover`, { signal: this.#closed });
    if (handover.last_message_id !== this.#log.newest) {
      this.#note();
      await this.#log.loadMore(this.#closed);
    }
    this.#show(handover);
  }

  /**
   * Shows why it failed, and who answers by now.
   * @template T
   * @param {Promise<T>} work
   * @returns {Promise<T|null>}
   */
  async #attempt(work) {
    try {
      return await work;
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      if (error.code === "handover_taken") this.#context.notices.notify("takenByOther");
      else notifyError(error);
      await attempt(this.#look());
      return null;
    }
  }

  #note() {
    this.#livelyAt = Date.now();
  }

  get #pause() {
    return Date.now() - this.#livelyAt < QUIET_AFTER_MS ? LOOK_MS : QUIET_LOOK_MS;
  }

  /** @param {Record<string, any>} handover */
  #show(handover) {
    const { state, person } = handover;
    if (this.#shown?.state === state && this.#shown?.person === person) return;
    const hadFocus = this.#standing.contains(document.activeElement);
    this.#shown = handover;
    this.#note();
    if (state === "person") this.#showTaken(person);
    else this.#showFree(state);
    const first = this.#standing.querySelector(":is(textarea, input, button)");
    if (hadFocus && first instanceof HTMLElement) first.focus();
  }

  #showTaken(person) {
    const isOwn = person === this.#name.value.trim();
    const back = actionButton("secondary", "handBack", () => this.#handBack());
    this.#standing.replaceChildren(
      el(
        "div",
        { className: "handover-state" },
        isOwn
          ? say(el("p", { role: "status" }), "youAnswer", { name: person })
          : say(el("p", { role: "status" }), "otherAnswers", { name: person }),
        this.#context.mayWrite ? back : null,
      ),
    );
    if (isOwn && this.#context.mayWrite) this.#standing.append(this.#composer.element);
  }

  #showFree(state) {
    const name = state === "waiting" ? "visitorWaits" : "assistantAnswers";
    this.#standing.replaceChildren(say(el("p", { role: "status" }), name));
    if (!this.#context.mayWrite) return;
    const field = new Field({
      name: "name", label: "yourName", control: this.#name, hint: "yourNameHint",
    });
    const take = el("form", { className: "handover-take" }, field.element);
    take.append(say(el("button", { type: "submit", className: "primary" }), "takeOver"));
    take.addEventListener("submit", (event) => {
      event.preventDefault();
      const given = this.#name.value.trim();
      if (given) this.#take(given);
      else field.fail(words("nameNeeded"));
      if (!given) this.#name.focus();
    });
    this.#standing.append(take);
  }

  /** @param {string} name */
  async #take(name) {
    browserStorage.set(NAME, name);
    const body = { name };
    const taken = await this.#attempt(this.#context.client.post(`${this.#path}/take`, body));
    if (!taken) return;
    this.#show(taken);
    this.#composer.focus();
  }

  async #handBack() {
    const given = await attempt(this.#context.client.post(`${this.#path}/hand_back`, {}));
    if (!given) return;
    this.#context.notices.announce("handedBack");
    this.#show(given);
  }

  /**
   * @param {string} text
   * @returns {Promise<boolean>} whether it was sent
   */
  async #reply(text) {
    // Another person may have taken over since the last look.
    const body = { content: text, name: this.#shown?.person };
    const sent = await this.#attempt(this.#context.client.post(`${this.#path}/reply`, body));
    if (!sent) return false;
    // What the visitor wrote meanwhile comes first.
    await attempt(this.#log.loadMore(this.#closed));
    this.#log.toEnd();
    return true;
  }
}

function askedAt({ requested_at: moment }) {
  if (!moment) return null;
  return el("p", { className: "muted" }, say(el("span"), "askedAt"), " ", timeOf(moment) ?? "");
}
