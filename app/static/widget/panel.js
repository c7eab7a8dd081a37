/** The chat panel that the button opens. `widget.js` loads it when it is first needed. */

import { ApiError } from "../shared/client.js";
import { startScreen, translator } from "../shared/language.js";
import { browserStorage, tabStorage } from "../shared/storage.js";
import { Chat } from "./chat.js";
import { Dialog } from "./dialog.js";
import { element } from "./elements.js";
import { failureText } from "./failures.js";
import { looksOf, lookStyle } from "./looks.js";
import { People } from "./people.js";
import { style } from "./style.js";
import { texts } from "./texts.js";
import { Transcript } from "./transcript.js";

/**
 * Add the dialog to the page; open it if it was open before a reload.
 *
 * @param {{base: string, name: string, language: "ko"|"en", side: "right"|"left",
 *   dataset: DOMStringMap, root: ShadowRoot, button: HTMLButtonElement,
 *   user: () => string|null|(() => Promise<string|null>)}} widget `user` returns the site's token
 *   for its visitor, or a function that gets one
 * @returns {{open: () => void, close: () => void, userChanged: () => Promise<void>}}
 */
export function mount(widget) {
  const sheet = new CSSStyleSheet();
  sheet.replaceSync(style(widget.side));
  widget.root.adoptedStyleSheets = [...widget.root.adoptedStyleSheets, sheet];
  return new Panel(widget);
}

class Panel {
  #widget;
  #t;
  #chat;
  #transcript;
  #dialog;
  #people;
  #looks = new CSSStyleSheet();
  #status = element("div", { className: "unseen", role: "status" });
  #isOpen = false;
  #isReady = false;
  #awaited;

  constructor(widget) {
    const { name, root, button, language } = widget;
    this.#widget = widget;
    this.#t = translator(texts, language);
    this.#chat = this.#newChat();
    this.#transcript = new Transcript(this.#t, this.#turnActions());
    this.#people = new People(this.#t, widget, {
      chat: () => this.#chat,
      attempt: (action) => this.#try(action),
      say: (text) => this.#say(text),
    });
    const parts = [this.#transcript.element, this.#people.element];
    this.#dialog = new Dialog(root, parts, this.#t, {
      send: (text) => this.#send(text),
      stop: () => this.#try(() => this.#chat.conversation.stop()),
      begin: () => this.#begin(),
      close: () => this.close(),
    });
    root.append(this.#status);
    root.adoptedStyleSheets = [...root.adoptedStyleSheets, this.#looks];
    // Typing here must not trigger the page's own shortcuts.
    for (const type of ["keydown", "keypress", "keyup"]) {
      root.addEventListener(type, (event) => event.stopPropagation());
    }
    button.textContent = "";
    button.onclick = () => (this.#isOpen ? this.close() : this.open());
    this.#showLooks();
    this.#showStart();
    this.#showState();
    const { open = false, run = null } = tabStorage.get(name) ?? {};
    this.#awaited = run;
    if (open) this.#show(false);
    else if (run) this.#start();
  }

  open() {
    if (this.#isOpen) this.#dialog.show(true);
    else this.#show(true);
  }

  close() {
    if (!this.#isOpen) return;
    const { button } = this.#widget;
    const hadFocus = this.#dialog.hasFocus;
    this.#isOpen = false;
    button.setAttribute("aria-expanded", "false");
    this.#dialog.hide();
    if (hadFocus) button.focus();
    this.#remember();
    this.#emit("close");
  }

  /** The site has another token for its visitor, or none: he may have signed in or out. */
  async userChanged() {
    const chat = this.#chat;
    const { user } = this.#widget;
    // What an earlier user wrote must not be seen by the next one, whatever happens now.
    const isSignedIn = user() !== null && chat.userId !== null;
    try {
      if (isSignedIn && !(await chat.renewUser())) return;
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
    }
    if (chat === this.#chat) this.#restart();
  }

  #restart() {
    this.#chat.leave();
    this.#chat = this.#newChat();
    this.#isReady = false;
    this.#awaited = null;
    this.#people.seen();
    this.#people.changed(null);
    this.#showStart();
    this.#showTurns();
    this.#showState();
    if (this.#isOpen) this.#start();
  }

  #newChat() {
    const { base, name, dataset, user } = this.#widget;
    const { assistant: assistantId, key: siteKey } = dataset;
    const chat = new Chat({
      ...{ base, name, assistantId, siteKey, user },
      onTurn: (turn, hasEnded) => chat === this.#chat && this.#onTurn(turn, hasEnded),
      onMessage: (message) => chat === this.#chat && this.#emit("message", message),
      onHandover: (standing) => chat === this.#chat && this.#people.changed(standing),
    });
    return chat;
  }

  #show(takesFocus) {
    const { button } = this.#widget;
    this.#isOpen = true;
    button.setAttribute("aria-expanded", "true");
    this.#people.seen();
    if (this.#isReady) this.#showStart(); // It may have opened or closed since.
    this.#dialog.show(takesFocus);
    this.#transcript.scrollToEnd();
    this.#remember();
    this.#start();
    this.#emit("open");
  }

  async #start() {
    if (this.#isReady) return;
    this.#transcript.showNotice("");
    const chat = this.#chat;
    try {
      await chat.start(this.#awaited);
      if (chat !== this.#chat) return;
    } catch (error) {
      if (chat !== this.#chat) return;
      const text = failureText(error, this.#t);
      this.#transcript.showNotice(text, () => this.#start());
      this.#say(text);
      return;
    }
    this.#isReady = true;
    this.#showLooks();
    this.#showStart();
    this.#showTurns();
    this.#transcript.scrollToEnd();
    this.#showState();
    this.#chat.catchUp();
    this.#remember();
  }

  #showStart() {
    const { dataset, language } = this.#widget;
    const { assistant } = this.#chat;
    const { greeting, hours, closedGreeting } = dataset;
    const given = { greeting, hours, closed_greeting: closedGreeting };
    const screen = startScreen(assistant ?? undefined, language, given);
    const suggestions = (dataset.suggestions ?? "").split("|").map((text) => text.trim());
    const own = suggestions.filter(Boolean);
    this.#dialog.heading.textContent = dataset.title || assistant?.name || this.#t("chat");
    // The default greeting has to wait until the assistant's own texts and hours are known.
    const usual = this.#t(screen.isClosed ? "closedGreeting" : "greeting");
    this.#transcript.showStart(
      screen.greeting || (assistant ? usual : this.#t("loading")),
      own.length ? own : screen.suggestions,
    );
  }

  #showLooks() {
    const { dataset, name } = this.#widget;
    const { assistant } = this.#chat;
    const looks = looksOf(dataset, assistant?.metadata ?? {});
    if (assistant) browserStorage.set(`${name} color`, looks.color); // For `widget.js`.
    this.#looks.replaceSync(lookStyle(looks));
    this.#dialog.showLogo(looks.logo);
  }

  #showTurns() {
    const { turns, olderThan } = this.#chat.conversation;
    this.#transcript.showTurns(turns, olderThan !== null);
  }

  #showState() {
    const { current, turns } = this.#chat.conversation;
    const begun = turns.length > 0;
    this.#dialog.showState({ ready: this.#isReady, working: current !== null, begun });
    this.#people.offer(begun);
  }

  #turnActions() {
    const conversation = () => this.#chat.conversation;
    return {
      ask: (text) => this.#send(text),
      retry: (turn) => this.#retry(turn),
      decide: (turn, verdicts) => this.#try(() => conversation().decide(turn, verdicts)),
      rate: (turn, rating, comment) => this.#try(() => conversation().rate(turn, rating, comment)),
      steps: (turn) => conversation().steps(turn),
      files: () => conversation().files,
      saveFile: (id, name) => this.#try(() => conversation().files.save(id, name), "downloadFailed"),
      language: this.#widget.language,
      showOlder: () =>
        this.#try(async () => {
          await conversation().loadOlder();
          this.#showTurns();
        }),
    };
  }

  #send(text) {
    if (!this.#isReady || this.#chat.conversation.current) return;
    this.#transcript.showNotice("");
    this.#chat.send(text);
    this.#transcript.scrollToEnd();
    this.#dialog.focus();
  }

  #retry(turn) {
    this.#dialog.focus();
    if (turn.error?.status !== 404) {
      this.#chat.conversation.retry(turn);
      return;
    }
    // Its thread no longer exists: ask the question on a new one.
    this.#begin();
    this.#send(turn.question.text);
  }

  #begin() {
    this.#chat.begin();
    this.#people.changed(null);
    this.#transcript.showNotice("");
    this.#showTurns();
    this.#showState();
    this.#remember();
    this.#dialog.focus();
  }

  #onTurn(turn, hasEnded) {
    this.#transcript.update(turn);
    this.#showState();
    this.#remember();
    if (!hasEnded) return;
    this.#transcript.draw();
    const view = this.#transcript.viewOf(turn);
    view?.whenDrawn().then(() => this.#say(`${view.spokenText()} ${view.noteText()}`));
    if (!this.#isOpen) this.#widget.button.classList.add("unread");
  }

  /** Store the state for the next page, where `widget.js` loads the panel if there is any. */
  #remember() {
    const { name } = this.#widget;
    const open = this.#isOpen;
    const run = this.#isReady ? (this.#chat.conversation.current?.runId ?? null) : this.#awaited;
    if (open || run) tabStorage.set(name, { open, run });
    else tabStorage.remove(name);
  }

  async #try(action, /** @type {string|undefined} */ failed = undefined) {
    try {
      this.#transcript.showNotice("");
      await action();
    } catch (error) {
      const text = failed ? this.#t(failed) : failureText(error, this.#t);
      this.#transcript.showNotice(text);
      this.#say(text);
    }
  }

  #say(text) {
    this.#status.textContent = text.trim();
  }

  #emit(name, /** @type {object|null} */ detail = null) {
    window.dispatchEvent(new CustomEvent(`threadkeeper:${name}`, { detail }));
  }
}
