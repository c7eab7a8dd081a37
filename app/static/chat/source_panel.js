/** The panel that shows a cited passage beside the conversation. */

import { citedPassage } from "../shared/citations.js";
import { ApiError } from "../shared/client.js";
import { FileContents } from "../shared/files.js";
import { closeBeside, openModal } from "../shell/dialogs.js";
import { byId, el, languageOf } from "../shell/dom.js";
import { saveFile } from "../shell/downloads.js";
import { icon } from "../shell/icons.js";
import { notifyError } from "../shell/notices.js";
import { iconButton, say } from "../shell/speech.js";

/** Shows one source at a time; on closing, the browser returns the focus to the opener. */
export class SourcePanel {
  #dialog = byId("source", HTMLDialogElement);
  /** @type {import("./entrance.js").ChatAccess|null} */
  #access = null;

  constructor() {
    closeBeside(this.#dialog);
  }

  /** @param {import("./entrance.js").ChatAccess} access */
  open(access) {
    this.#access = access;
  }

  /**
   * @param {import("../shared/markdown.js").Source} source
   * @param {Promise<import("../shared/turn.js").ToolStep[]>} steps of the run that cited it
   */
  async show(source, steps) {
    const body = say(el("p", { className: "muted", role: "status" }), "loading");
    const close = () => this.#dialog.close();
    const title = el("h2", { id: "source-title" }, source.name);
    const top = el(
      "div",
      { className: "panel-top" },
      el("span", { className: "source-number" }, String(source.number)),
      title,
      iconButton("close", "closeSource", { onclick: close }),
    );
    this.#dialog.replaceChildren(top, body);
    if (!this.#dialog.open) openModal(this.#dialog);
    /** @type {import("../shared/calls/registry.js").Passage|null} */
    let passage = null;
    try {
      passage = citedPassage(source.mark, await steps);
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      notifyError(error);
    }
    if (!body.isConnected) return;
    if (passage) title.textContent = passage.name;
    body.replaceWith(
      passage
        ? passageView(passage.text)
        : say(el("p", { className: "muted" }), "passageGone"),
    );
    if (this.#access?.mayManage) this.#dialog.append(downloadButton(source, this.#access.client));
  }
}

function passageView(text) {
  const lang = languageOf(text);
  return el("blockquote", { className: "passage", dir: "auto", lang, tabIndex: 0 }, text);
}

/**
 * @param {import("../shared/markdown.js").Source} source
 * @param {import("../shared/client.js").ApiClient} client
 */
function downloadButton({ fileId, name }, client) {
  const files = new FileContents(client);
  const onclick = () => saveFile(files, fileId, name);
  const text = say(el("span", {}), "download");
  return el("button", { type: "button", className: "secondary", onclick }, icon("download"), text);
}
