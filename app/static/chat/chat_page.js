/** The page after sign-in: connects the thread list, the conversation and the message field. */

import { ApiError } from "../shared/client.js";
import { Conversation } from "../shared/conversation.js";
import { isEscape } from "../shared/keyboard.js";
import { pressed } from "../shared/pressing.js";
import { isUnderWay } from "../shared/turn.js";
import { byId } from "../shell/dom.js";
import { announce, notify, notifyError } from "../shell/notices.js";
import { onLanguage, say, words } from "../shell/speech.js";
import { AssistantPicker } from "./assistant_picker.js";
import { Composer } from "./composer.js";
import { takeBackFrom } from "./edits.js";
import { exportThread } from "./export.js";
import { FileNames } from "./file_names.js";
import { People } from "./people.js";
import { SourcePanel } from "./source_panel.js";
import { hideStart, showStart } from "./start_screen.js";
import { ThreadList } from "./thread_list.js";
import { Transcript } from "./transcript.js";
import { showUnread } from "./unread_files.js";

const THREAD = /^#(thread_\w+)$/;

/** The URL's fragment names the open thread, so that back, reload and bookmarks work. */
export class ChatPage {
  #drawer;
  /** @type {import("./entrance.js").ChatAccess|null} */
  #access = null;
  /** @type {Conversation|null} */
  #conversation = null;
  #names = new FileNames(() => this.#entered);
  /** A new object for each start screen shown. */
  #shownStart = {};
  #list = new ThreadList({ onDeleted: (threadId) => this.#deleted(threadId) });
  #picker = new AssistantPicker({ onPick: () => this.#picked() });
  #panel = new SourcePanel();
  #people = new People({
    isOffered: () => this.#picker.picked?.metadata?.handover === "on",
    onTurn: (conversation, turn) => this.#changed(conversation, turn),
  });
  #composer = new Composer({
    onSend: (asked) => this.#send(asked),
    onStop: () => this.#attempt(this.#open.stop()),
  });
  #transcript = new Transcript({
    nameOf: (fileId) => this.#names.of(fileId),
    assistantName: (id) => this.#picker.nameOf(id ?? this.#picker.picked?.id) ?? words("assistant"),
    loadOlder: () => this.#attempt(this.#loadOlder()),
    listeners: {
      retry: (turn) => this.#open.retry(turn),
      check: (turn) => this.#attempt(this.#open.check(turn)),
      decide: (turn, verdicts) => this.#attempt(this.#open.decide(turn, verdicts)),
      loadSteps: (turn) => this.#attempt(this.#loadSteps(turn)),
      rate: (turn, rating, comment) => this.#attempt(this.#open.rate(turn, rating, comment)),
      edit: (turn, text) => this.#edit(turn, text),
      seesDetails: () => Boolean(this.#access?.mayManage),
      openSource: (turn, source) => this.#panel.show(source, this.#open.steps(turn)),
    },
  });

  /** @param {import("./drawer.js").Drawer} drawer */
  constructor(drawer) {
    this.#drawer = drawer;
    byId("new-chat").addEventListener("click", () => this.#go(""));
    byId("threads").addEventListener("click", (event) => {
      if (pressed(event, "a")) this.#drawer.close();
    });
    byId("export").addEventListener("click", () => this.#export());
    document.addEventListener("keydown", (event) => this.#onKey(event));
    window.addEventListener("hashchange", () => this.#show());
    onLanguage(() => this.#speakAgain());
  }

  /** @param {import("./entrance.js").ChatAccess} access */
  async open(access) {
    this.#access = access;
    byId("sign-out").hidden = access.kind !== "key";
    byId("use-key").hidden = access.kind !== "session";
    byId("sidebar").classList.remove("locked");
    this.#picker.open(access.assistants);
    this.#panel.open(access);
    this.#composer.open(access);
    await Promise.all([this.#list.open(access), this.#show()]);
    this.#showTitle();
  }

  /** Close the conversation, and show nothing of it. */
  close() {
    this.#leave();
    this.#access = null;
    for (const id of ["sign-out", "use-key"]) byId(id).hidden = true;
    byId("sidebar").classList.add("locked");
    this.#picker.close();
    this.#list.close();
    this.#composer.close();
    this.#showTitle();
  }

  /** Drop the open thread from the URL: the next user may not see it. */
  forget() {
    window.history.replaceState(null, "", window.location.pathname + window.location.search);
  }

  /** The open conversation. */
  get #open() {
    if (!this.#conversation) throw new Error("No conversation is open.");
    return this.#conversation;
  }

  get #entered() {
    if (!this.#access) throw new Error("Nobody is signed in.");
    return this.#access;
  }

  /** Show the thread that the URL names, or the start screen. */
  async #show() {
    if (!this.#access) return;
    const threadId = THREAD.exec(window.location.hash)?.[1] ?? null;
    if (threadId && threadId === this.#conversation?.threadId) return;
    this.#leave();
    this.#composer.clear();
    const conversation = this.#begin();
    this.#list.current = threadId;
    this.#showTitle();
    if (threadId) await this.#openThread(conversation, threadId);
    else this.#showStart();
    this.#composer.focus();
  }

  async #openThread(conversation, threadId) {
    announce("openingThread");
    try {
      await conversation.open(threadId);
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      if (conversation !== this.#conversation) return;
      if (error.status === 404) notify("threadGone");
      else notifyError(error);
      this.#showStart();
      return;
    }
    if (conversation !== this.#conversation) return;
    this.#picker.pick(conversation.turns.findLast((turn) => turn.assistantId)?.assistantId);
    this.#transcript.show(conversation);
    this.#composer.busy = Boolean(conversation.current);
    this.#people.begin(this.#entered.client, conversation);
    announce("messages");
  }

  #begin() {
    const conversation = new Conversation({
      client: this.#entered.client,
      mayRun: this.#entered.mayManage,
      toolsOf: (id) => this.#picker.find(id)?.tools ?? [],
      onThread: (threadId) => this.#threadBegun(conversation, threadId),
      onTurn: (turn) => this.#changed(conversation, turn),
    });
    this.#conversation = conversation;
    return conversation;
  }

  #leave() {
    this.#conversation?.leave();
    this.#conversation = null;
    this.#people.leave();
    this.#transcript.hide();
    this.#composer.busy = false;
    hideStart();
  }

  #send({ text, files, images }) {
    if (!this.#open.turns.length) {
      hideStart();
      this.#transcript.show(this.#open);
    }
    this.#open.send({ text, files, images, assistantId: this.#picker.picked?.id });
  }

  #changed(conversation, turn) {
    if (conversation !== this.#conversation) return;
    this.#transcript.changed(turn);
    this.#composer.busy = isUnderWay(conversation.turns.at(-1));
    this.#people.turned(turn);
  }

  #threadBegun(conversation, threadId) {
    if (conversation !== this.#conversation) return;
    const { text } = conversation.turns.at(-1).question;
    this.#list.begun(threadId, text.slice(0, 120));
    this.#list.current = threadId;
    window.history.pushState(null, "", `#${threadId}`);
    this.#people.begin(this.#entered.client, conversation);
    this.#showTitle();
  }

  /** Escape stops the answer, unless it closes something else. */
  #onKey(event) {
    if (!isEscape(event) || event.defaultPrevented || !this.#conversation?.current) return;
    const isOthers = pressed(event, "dialog, select, #sidebar, .edit");
    if (isOthers || document.querySelector("dialog[open]") || byId("content").inert) return;
    event.preventDefault();
    this.#attempt(this.#open.stop());
  }

  /** Replace a turn's question and send it again; return false if cancelled or failed. */
  async #edit(turn, text) {
    const conversation = this.#open;
    const isOpen = () => conversation === this.#conversation;
    if (!(await takeBackFrom(conversation, this.#entered.client, turn, isOpen))) return false;
    this.#transcript.show(conversation);
    this.#send({ ...turn.question, text });
    this.#composer.focus();
    return true;
  }

  async #export() {
    const { threadId } = this.#open;
    if (!threadId) return;
    const title = this.#list.titleOf(threadId) ?? words("untitled");
    const assistantName = (id) => this.#picker.nameOf(id) ?? words("assistant");
    const nameOf = (/** @type {string} */ fileId) => this.#names.of(fileId);
    try {
      await exportThread(this.#entered.client, threadId, { title, assistantName, nameOf });
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      notify("exportFailed");
    }
  }

  #deleted(threadId) {
    if (threadId === this.#conversation?.threadId) this.#go("");
  }

  #go(hash) {
    this.#drawer.close();
    const { pathname, search } = window.location;
    window.history.pushState(null, "", pathname + search + hash);
    this.#conversation?.leave();
    this.#conversation = null;
    this.#show();
  }

  #picked() {
    if (!this.#conversation?.turns.length) this.#showStart();
  }

  #showStart() {
    const { picked } = this.#picker;
    showStart(picked, (question) => this.#send({ text: question, files: [], images: [] }));
    const shown = (this.#shownStart = {});
    const isCurrent = () => shown === this.#shownStart && !byId("start").hidden;
    this.#attempt(showUnread(this.#entered, picked, isCurrent));
  }

  #showTitle() {
    const threadId = this.#conversation?.threadId ?? THREAD.exec(window.location.hash)?.[1];
    const title = this.#access && threadId ? this.#list.titleOf(threadId) : null;
    byId("export").hidden = !(this.#access && threadId);
    const heading = byId("heading");
    delete heading.dataset.text;
    if (title) heading.textContent = title;
    else if (this.#access) say(heading, "newChat");
    else heading.textContent = "Threadkeeper";
    document.title = title ? `${title} – Threadkeeper` : "Threadkeeper";
  }

  #speakAgain() {
    this.#showTitle();
    this.#transcript.redraw();
    if (!byId("start").hidden) this.#showStart();
  }

  async #loadSteps(turn) {
    const steps = await this.#open.steps(turn);
    if (!steps.length) notify("noSteps");
    turn.items.unshift(...steps);
    turn.mayHaveSteps = false;
    this.#transcript.changed(turn);
  }

  async #loadOlder() {
    const scroller = byId("scroller");
    const fromEnd = scroller.scrollHeight - scroller.scrollTop;
    await this.#open.loadOlder();
    this.#transcript.show(this.#open);
    scroller.scrollTop = scroller.scrollHeight - fromEnd;
  }

  async #attempt(work) {
    try {
      await work;
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      notifyError(error);
    }
  }
}
