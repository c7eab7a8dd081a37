/** The passage that a citation cites, beside the conversation. */

import { citedPassage } from "../shared/citations.js";
import { ApiError } from "../shared/client.js";
import { FileContents } from "../shared/files.js";
import { closeBeside } from "../shell/dialogs.js";
import { byId, el, languageOf } from "../shell/dom.js";
import { saveFile } from "../shell/downloads.js";
import { icon } from "../shell/icons.js";
import { notifyError } from "../shell/notices.js";
import { iconButton, say } from "../shell/speech.js";

/** Shows one source at a time; the browser gives the focus back to what opened it. */
export class SourcePanel {
  #dialog = byId("source");
  #access;

  constructor() {
    closeBeside(this.#dialog);
  }

  /** @param {import("../shell/access.js").Access} access */
  open(access) {
    this.#access = access;
  }

  /**
   * @param {import("../shared/markdown.js").Source} source
   * @param {Promise<object[]>} steps of the run that cited it
   */
  async show(source, steps) {
    const body = say(el("p", { className: "muted", role: "status" }), "loading");
    const close = () => this.#dialog.close();
    const top = el(
      "div",
      { className: "panel-top" },
      el("span", { className: "source-number" }, String(source.number)),
      el("h2", { id: "source-title" }, source.name),
      iconButton("close", "closeSource", { onclick: close }),
    );
    this.#dialog.replaceChildren(top, body);
    if (!this.#dialog.open) this.#dialog.showModal();
    let passage = null;
    try {
      passage = citedPassage(source.mark, await steps);
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      notifyError(error);
    }
    if (!body.isConnected) return;
    if (passage) top.querySelector("h2").textContent = passage.name;
    body.replaceWith(
      passage
        ? passageView(passage.text)
        : say(el("p", { className: "muted" }), "passageGone"),
    );
    if (this.#access.mayManage) this.#dialog.append(this.#downloadButton(source));
  }

  #downloadButton(source) {
    const name = say(el("span", {}), "download");
    const files = new FileContents(this.#access.client);
    const onclick = () => saveFile(files, source.fileId, source.name);
    return el("button", { type: "button", className: "secondary", onclick }, icon("download"), name);
  }
}

function passageView(text) {
  const lang = languageOf(text);
  return el("blockquote", { className: "passage", dir: "auto", lang, tabIndex: 0 }, text);
}
