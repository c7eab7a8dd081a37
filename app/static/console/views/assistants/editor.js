/** One assistant: its form, whose draft is saved by itself, and what can be done with it. */

import { ApiError } from "../../../shared/client.js";
import { confirm } from "../../../shell/dialogs.js";
import { el } from "../../../shell/dom.js";
import { say, words } from "../../../shell/speech.js";
import { fullTime } from "../../../shell/times.js";
import { attempt } from "../../pieces/attempt.js";
import { showError } from "../../pieces/form.js";
import { showFailure, showLoading } from "../../pieces/states.js";
import { actionButton, viewHead } from "../../pieces/view_head.js";
import { DraftSaver } from "./draft_saver.js";
import { AssistantForm, contentOf } from "./form.js";
import { duplicate } from "./new_assistant.js";
import { loadOffered } from "./offered.js";
import { openSite } from "./site.js";
import { Trial } from "./trial.js";
import { openVersions } from "./versions.js";

/**
 * @param {HTMLElement} container
 * @param {import("../../context.js").Context} context
 * @param {string} id of the assistant
 * @returns {() => void} closes it
 */
export function openEditor(container, context, id) {
  const editor = new Editor(container, context, id);
  editor.load();
  return () => editor.close();
}

class Editor {
  #container;
  #context;
  #id;
  #path;
  /** @type {AssistantForm|null} */
  #form = null;
  #saver;
  /** @type {import("../../../shared/api.d.ts").ApiObject} the draft as it was loaded */
  #draft = {};
  #status = el("p", { className: "draft-status", role: "status" });
  #bar = el("div", { className: "draft-bar", role: "alert" });
  #trialPlace = el("aside", { className: "trial-place", hidden: true });
  /** @type {Trial|null} */
  #trial = null;
  #publishButton = actionButton("primary", "publish", () => this.#publish());
  #warn = (/** @type {BeforeUnloadEvent} */ event) => {
    if (this.#saver.state !== "saved") event.preventDefault();
  };

  /**
   * @param {HTMLElement} container
   * @param {import("../../context.js").Context} context
   * @param {string} id
   */
  constructor(container, context, id) {
    this.#container = container;
    this.#context = context;
    this.#id = id;
    this.#path = `assistants/${encodeURIComponent(id)}`;
    this.#saver = new DraftSaver(context.client, `${this.#path}/draft`, {
      read: () => this.#form?.read() ?? {},
      onState: (state, error) => this.#showState(state, error),
    });
    container.append(viewHead(context, { title: "assistant", back: BACK }));
    window.addEventListener("beforeunload", this.#warn);
  }

  close() {
    window.removeEventListener("beforeunload", this.#warn);
    this.#trial?.close();
  }

  async load() {
    const place = el("div");
    this.#container.append(place);
    showLoading(place);
    try {
      const { client } = this.#context;
      const [draft, offered] = await Promise.all([
        client.get(`${this.#path}/draft`),
        loadOffered(client),
      ]);
      this.#show(draft, offered);
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      showFailure(place, error, () => {
        place.remove();
        this.load();
      });
    }
  }

  #show(draft, offered) {
    this.#draft = draft;
    const mayChange = this.#context.mayWrite && !draft.configured;
    this.#form = new AssistantForm(offered, () => {
      if (mayChange) this.#saver.changed();
    });
    this.#form.show(contentOf(draft));
    this.#saver.begin(draft);
    if (!mayChange) this.#form.lock();
    const head = viewHead(this.#context, {
      own: draft.name || words("unnamedAssistant"),
      back: BACK,
      actions: this.#actions(mayChange),
    });
    if (draft.configured) head.append(configuredNote(() => this.#duplicate()));
    else head.append(this.#status, this.#bar);
    const columns = el("div", { className: "editor" }, this.#form.element, this.#trialPlace);
    const hadFocus = this.#container.contains(document.activeElement);
    this.#container.replaceChildren(head, columns);
    if (hadFocus) head.querySelector("h1")?.focus();
    if (mayChange) this.#context.guard(() => this.#mayLeave());
    this.#showBase();
  }

  #actions(mayChange) {
    const { mayWrite } = this.#context;
    return [
      actionButton("secondary", "tryIt", () => this.#try(), "chat"),
      actionButton("secondary", "versions", () => this.#versions(mayChange), "history"),
      actionButton("secondary", "onYourSite", () => this.#site(), "site"),
      mayWrite ? actionButton("secondary", "duplicate", () => this.#duplicate(), "copy") : null,
      mayChange ? actionButton("secondary", "discardDraft", () => this.#discard(), "again") : null,
      mayChange ? actionButton("secondary", "delete", () => this.#delete(), "trash") : null,
      mayChange ? this.#publishButton : null,
    ];
  }

  #showState(state, error) {
    const name = STATES[state];
    if (state === "saved") say(this.#status, this.#saver.revision ? "draftSaved" : "noDraft");
    else say(this.#status, name);
    this.#status.dataset.state = state;
    this.#publishButton.disabled = state === "saved" && !this.#saver.revision;
    if (state === "failed" && error && this.#form) showError(this.#form.fields, error, false);
    if (state === "conflict") this.#showConflict();
  }

  #showConflict() {
    this.#bar.replaceChildren(
      say(el("p"), "draftConflict"),
      actionButton("secondary", "loadTheirs", () => this.#reload()),
      actionButton("secondary", "keepMine", () => {
        this.#bar.replaceChildren();
        attempt(this.#saver.overwrite());
      }),
    );
  }

  /** Say that the assistant was changed after this draft was begun. */
  #showBase() {
    const { base_version: base, published_version: now } = this.#draft;
    if (base === now) return;
    this.#bar.replaceChildren(say(el("p"), "publishedMeanwhile", { base, now }));
  }

  async #publish() {
    if (!(await this.#saver.flush())) return;
    const { client } = this.#context;
    const publish = (body) => client.post(`${this.#path}/publish`, body);
    const { revision } = this.#saver;
    try {
      await publish({ revision });
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      if (error.code === "draft_changed") this.#showConflict();
      else if (error.code !== "assistant_changed") showError(this.#form?.fields ?? [], error);
      if (error.code !== "assistant_changed" || !(await this.#asksToOverwrite())) return;
      if ((await attempt(publish({ revision, overwrite: true }))) === null) return;
    }
    this.#context.notices.notify("wasPublished");
    await this.#reload();
  }

  /** Ask, saying who changed the assistant meanwhile, and when. */
  async #asksToOverwrite() {
    const path = `${this.#path}/versions`;
    const page = await attempt(this.#context.client.get(path, { query: { limit: 1 } }));
    const [newest] = page?.data ?? [];
    if (!newest) return false;
    const values = {
      number: newest.number,
      time: fullTime(newest.created_at),
      who: newest.created_by ?? words("unknownKey"),
    };
    return confirm({ title: "overwriteTitle", text: "overwriteText", yes: "publishAnyway", values });
  }

  async #discard() {
    if (!(await confirm({ title: "discardTitle", text: "discardText", yes: "discardDraft" }))) return;
    await this.#saver.flush();
    if ((await attempt(this.#context.client.delete(`${this.#path}/draft`))) === null) return;
    await this.#reload();
  }

  async #delete() {
    const values = { name: this.#form?.read().name || words("unnamedAssistant") };
    const question = { title: "deleteAssistantTitle", text: "deleteAssistantText", yes: "delete" };
    if (!(await confirm({ ...question, values }))) return;
    if ((await attempt(this.#context.client.delete(this.#path))) === null) return;
    this.#context.guard(null);
    this.#context.notices.notify("assistantDeleted");
    this.#context.go("#/assistants");
  }

  async #duplicate() {
    const content = this.#form?.read() ?? contentOf(this.#draft);
    const made = await attempt(duplicate(this.#context.client, content));
    if (made) this.#context.go(`#/assistants/${made.id}`);
  }

  #site() {
    openSite(this.#context, this.#id, this.#form?.read() ?? contentOf(this.#draft));
  }

  async #versions(mayRestore) {
    const options = { path: this.#path, mayRestore, onRestored: () => this.#reload() };
    await openVersions(this.#context, options);
  }

  #try() {
    const isOpen = !this.#trialPlace.hidden;
    this.#trial?.close();
    this.#trial = null;
    this.#trialPlace.hidden = isOpen;
    this.#trialPlace.replaceChildren();
    if (isOpen) return;
    this.#trial = new Trial(this.#context, {
      assistantId: this.#id,
      content: () => this.#form?.read() ?? {},
      onClose: () => this.#try(),
    });
    this.#trialPlace.append(this.#trial.element);
    this.#trial.focus();
  }

  async #reload() {
    const draft = await attempt(this.#context.client.get(`${this.#path}/draft`));
    if (!draft || !this.#form) return;
    this.#draft = draft;
    this.#bar.replaceChildren();
    this.#form.show(contentOf(draft));
    this.#saver.begin(draft);
    this.#showBase();
    const heading = this.#container.querySelector("h1");
    if (heading) heading.textContent = draft.name || words("unnamedAssistant");
  }

  async #mayLeave() {
    if (this.#saver.state === "saved" || (await this.#saver.flush())) return true;
    return confirm({ title: "leaveTitle", text: "leaveText", yes: "leaveAnyway" });
  }
}

const BACK = { href: "#/assistants", name: "assistants" };
/** Names of the texts for states of the draft. */
const STATES = {
  saved: "draftSaved",
  waiting: "saving",
  saving: "saving",
  failed: "draftNotSaved",
  conflict: "draftNotSaved",
};

/** @param {() => void} copy */
function configuredNote(copy) {
  return el("div", { className: "box configured" }, say(el("p"), "isConfigured"),
    actionButton("secondary", "editableCopy", copy, "copy"));
}
