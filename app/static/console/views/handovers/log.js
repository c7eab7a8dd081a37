/** The messages of a conversation, oldest first; new ones are announced. */

import { el, languageOf } from "../../../shell/dom.js";
import { label, say } from "../../../shell/speech.js";
import { timeOf } from "../../../shell/times.js";
import { attempt } from "../../pieces/attempt.js";
import { actionButton } from "../../pieces/view_head.js";

const PAGE = 50;

export class Log {
  #client;
  #path;
  /** @type {Promise<void>|null} two looks at once would show a message twice */
  #loading = null;
  /** @type {string|null} id of the newest message that is shown */
  newest = null;
  element = label(el("div", { className: "handover-log", role: "log", tabIndex: 0 }), "messages");

  /**
   * @param {import("../../../shared/client.js").ApiClient} client
   * @param {string} path of the thread
   */
  constructor(client, path) {
    this.#client = client;
    this.#path = `${path}/messages`;
  }

  /**
   * Show the newest messages.
   *
   * @param {AbortSignal} [signal]
   */
  async load(signal) {
    const page = await this.#client.get(this.#path, { query: { limit: PAGE }, signal });
    this.newest = page.data[0]?.id ?? null;
    this.#showEarlier(page);
  }

  /**
   * Show the messages that are new.
   *
   * @param {AbortSignal} signal
   * @returns {Promise<boolean>}
   */
  async loadMore(signal) {
    this.#loading ??= this.#loadNew(signal).finally(() => {
      this.#loading = null;
    });
    await this.#loading;
    return true;
  }

  toEnd() {
    this.element.scrollTop = this.element.scrollHeight;
  }

  /** @param {AbortSignal} signal */
  async #loadNew(signal) {
    const { scrollHeight, scrollTop, clientHeight } = this.element;
    const wasAtEnd = scrollHeight - scrollTop - clientHeight < 60;
    let more = true;
    while (more) {
      const query = { order: "asc", limit: PAGE, after: this.newest };
      const page = await this.#client.get(this.#path, { query, signal });
      this.element.append(...page.data.map(messageView));
      this.newest = page.data.at(-1)?.id ?? this.newest;
      more = page.has_more;
    }
    if (wasAtEnd) this.toEnd();
  }

  #showEarlier({ data, has_more: hasMore, last_id: lastId }) {
    this.element.prepend(...data.toReversed().map(messageView));
    if (!hasMore) return;
    const more = actionButton("secondary", "earlierHandover", async () => {
      const query = { limit: PAGE, after: lastId };
      const page = await attempt(this.#client.get(this.#path, { query }));
      if (!page) return;
      more.remove();
      this.#showEarlier(page);
    });
    this.element.prepend(more);
  }
}

function messageView(message) {
  const text = message.content
    .map((part) => part.text?.value ?? part.refusal ?? `[${part.type}]`)
    .join("\n\n");
  const person = message.metadata?.person;
  const who = el("span", { className: "handover-who" });
  let kind = "assistant";
  if (message.role === "user") say(who, "visitorSays");
  else if (person) say(who, "personSays", { name: person });
  else say(who, "assistant");
  if (message.role === "user") kind = "user";
  else if (person) kind = "person";
  return el(
    "article",
    { className: `handover-message ${kind}` },
    el("p", { className: "handover-head" }, who, " ", timeOf(message.created_at)),
    el("div", { className: "handover-text", dir: "auto", lang: languageOf(text) }, text),
  );
}
