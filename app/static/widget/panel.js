/** The chat panel that the button opens. `widget.js` loads it when it is first needed. */

import { ApiError } from "../shared/client.js";
import { errorText, startScreen, translator } from "../shared/language.js";
import { browserStorage, tabStorage } from "../shared/storage.js";
import { Chat } from "./chat.js";
import { Dialog } from "./dialog.js";
import { element } from "./elements.js";
import { logo, lookStyle } from "./looks.js";
import { style } from "./style.js";
import { texts } from "./texts.js";
import { Transcript } from "./transcript.js";

/**
 * Add the dialog to the page; open it if it was open before a reload.
 *
 * @param {{base: string, name: string, language: "ko"|"en", side: "right"|"left",
 *   dataset: DOMStringMap, root: ShadowRoot, button: HTMLButtonElement}} widget
 * @returns {{open: () => void, close: () => void}}
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
  #looks = new CSSStyleSheet();
  #status = element("div", { className: "unseen", role: "status" });
  #isOpen = false;
  #isReady = false;
  #awaited;

  constructor(widget) {
    const { base, name, root, button, dataset, language } = widget;
    this.#widget = widget;
    this.#t = translator(texts, language);
    this.#chat = new Chat({
      base,
      name,
      assistantId: dataset.assistant,
      onTurn: (turn, hasEnded) => this.#onTurn(turn, hasEnded),
      onMessage: (message) => this.#emit("message", message),
    });
    this.#transcript = new Transcript(this.#t, this.#turnActions());
    this.#dialog = new Dialog(root, this.#transcript.element, this.#t, {
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

  #show(takesFocus) {
    const { button } = this.#widget;
    this.#isOpen = true;
    button.setAttribute("aria-expanded", "true");
    button.classList.remove("unread");
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
    try {
      await this.#chat.start(this.#awaited);
    } catch (error) {
      const text = this.#failure(error);
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

  /** The site's attributes come before the assistant's metadata. */
  #showLooks() {
    const { dataset, name } = this.#widget;
    const { assistant } = this.#chat;
    const metadata = assistant?.metadata ?? {};
    const color = dataset.color ? null : (metadata.color ?? null);
    if (assistant) browserStorage.set(`${name} color`, color); // For `widget.js`.
    this.#looks.replaceSync(lookStyle({ color, theme: dataset.theme || metadata.theme || null }));
    const address = dataset.logo || metadata.logo;
    const base = dataset.logo ? document.baseURI : undefined;
    this.#dialog.showLogo(address ? logo(address, base) : null);
  }

  #showTurns() {
    const { turns, olderThan } = this.#chat.conversation;
    this.#transcript.showTurns(turns, olderThan !== null);
  }

  #showState() {
    const { current, turns } = this.#chat.conversation;
    const begun = turns.length > 0;
    this.#dialog.showState({ ready: this.#isReady, working: current !== null, begun });
  }

  #turnActions() {
    const conversation = () => this.#chat.conversation;
    return {
      ask: (text) => this.#send(text),
      retry: (turn) => this.#retry(turn),
      rate: (turn, rating, comment) => this.#try(() => conversation().rate(turn, rating, comment)),
      steps: (turn) => conversation().steps(turn),
      files: () => conversation().files,
      saveFile: (fileId, name) => this.#saveFile(fileId, name),
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

  async #try(action) {
    try {
      this.#transcript.showNotice("");
      await action();
    } catch (error) {
      const text = this.#failure(error);
      this.#transcript.showNotice(text);
      this.#say(text);
    }
  }

  async #saveFile(fileId, name) {
    try {
      await this.#chat.conversation.files.save(fileId, name);
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      const text = this.#t("downloadFailed");
      this.#transcript.showNotice(text);
      this.#say(text);
    }
  }

  #failure(error) {
    if (!(error instanceof ApiError)) throw error;
    if (error.code === "origin_not_allowed") {
      // For the site's operator, not for visitors.
      const { origin } = window.location;
      console.warn(`Threadkeeper: ${origin} is not among the server's CORS_ORIGINS.`);
      return this.#t("notAllowed");
    }
    if (error.code === "public_chat_is_off") return this.#t("notPublic");
    const { name, values } = errorText(error);
    return this.#t(name, values);
  }

  #say(text) {
    this.#status.textContent = text.trim();
  }

  /**
   * @param {string} name
   * @param {object|null} [detail]
   */
  #emit(name, detail = null) {
    window.dispatchEvent(new CustomEvent(`threadkeeper:${name}`, { detail }));
  }
}
