/** What became of the recent notifications; the list keeps itself up to date. */

import { el } from "../../../shell/dom.js";
import { say } from "../../../shell/speech.js";
import { attempt } from "../../pieces/attempt.js";
import { Field } from "../../pieces/form.js";
import { PagedList } from "../../pieces/paged_list.js";
import { repeat } from "../../pieces/repeating.js";
import { showNothing } from "../../pieces/states.js";
import { deliveryRow } from "./delivery_row.js";

/** @typedef {import("./types.js").Notification} Notification */
/** @typedef {import("./types.js").Target} Target */

const PAGE = 25;
/** Milliseconds between two looks, and those while one is being delivered. */
const LOOK_MS = 15_000;
const SOON_MS = 2000;
/** In seconds: attempts that are nearer are waited for. */
const SOON = 10;

export class Deliveries {
  #context;
  #closed;
  #status = el("select", {});
  #list;
  /** Whether one is being delivered, or will be in a moment. */
  #soon = false;
  #lookedAt = 0;
  /** @type {Target[]} */
  targets = [];
  element = el("section", { className: "view-section" });

  /**
   * @param {import("../../context.js").Context} context
   * @param {AbortSignal} closed
   */
  constructor(context, closed) {
    this.#context = context;
    this.#closed = closed;
    /** @type {PagedList<Notification>} */
    this.#list = new PagedList({
      label: "recentNotifications",
      load: (after) => this.#load(after),
      row: (one) => deliveryRow(context, one, this.#targetOf(one), () => this.#resend(one)),
      showEmpty: (place) => {
        const name = this.#status.value ? "noSuchNotifications" : "noNotifications";
        const text = this.#status.value ? undefined : "noNotificationsText";
        showNothing(place, { title: name, text });
      },
    });
    for (const [value, name] of Object.entries({
      "": "anyStatus", pending: "isPending", delivered: "isDelivered", failed: "isGivenUp",
    })) this.#status.append(say(el("option", { value }), name));
    this.#status.addEventListener("change", () => this.reload());
    const shown = new Field({ name: "status", label: "shownStatus", control: this.#status });
    this.element.append(
      el(
        "div",
        { className: "section-bar" },
        say(el("h2", { className: "section-heading" }), "recentNotifications"),
        shown.element,
      ),
      say(el("p", { className: "muted" }), "recentNotificationsText"),
      this.#list.element,
    );
  }

  /** Load the list, and keep it up to date. */
  async open() {
    await this.reload();
    repeat(async () => {
      const isDue = Date.now() - this.#lookedAt >= LOOK_MS;
      if (this.#soon || isDue) await this.refresh();
    }, SOON_MS, this.#closed);
  }

  reload() {
    return this.#list.reload();
  }

  refresh() {
    return this.#list.refresh();
  }

  /** @param {string|null} after */
  async #load(after) {
    this.#lookedAt = Date.now();
    const query = { limit: PAGE, after, status: this.#status.value };
    const page = await this.#context.client.get("notifications", { query });
    if (after === null) {
      const soon = Date.now() / 1000 + SOON;
      this.#soon = page.data.some((/** @type {Notification} */ one) => {
        return one.next_attempt_at && one.next_attempt_at < soon && this.#targetOf(one)?.enabled;
      });
    }
    return page;
  }

  /** @param {Notification} one */
  #targetOf({ target_id: id }) {
    return this.targets.find((target) => target.id === id);
  }

  /** @param {Notification} one */
  async #resend({ id }) {
    const path = `notifications/${encodeURIComponent(id)}/resend`;
    if (!(await attempt(this.#context.client.post(path)))) return;
    this.#context.notices.announce("resent");
    await attempt(this.refresh());
  }
}
