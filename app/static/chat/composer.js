/** The message field. */

import { sendsMessage } from "../shared/keyboard.js";
import { byId } from "../shell/dom.js";
import { acceptDrops } from "../shell/drops.js";
import { notify } from "../shell/notices.js";
import { Attachments } from "./attachments.js";

/** @typedef {import("../shared/turn.js").FileName} FileName */

/** Sends messages, with files if the reader may upload them, and stops answers. */
export class Composer {
  #form = byId("composer");
  #field = byId("message", HTMLTextAreaElement);
  #send = byId("send", HTMLButtonElement);
  #stop = byId("stop");
  /** @type {Attachments|null} */
  #attachments = null;
  #busy = false;

  /**
   * @param {{onSend: (asked: {text: string, files: FileName[], images: FileName[]}) => void,
   *   onStop: () => void}} listeners
   */
  constructor({ onSend, onStop }) {
    this.#form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.#submit(onSend);
    });
    this.#field.addEventListener("keydown", (event) => {
      if (!sendsMessage(event)) return;
      event.preventDefault();
      this.#submit(onSend);
    });
    this.#field.addEventListener("input", () => this.#show());
    this.#stop.addEventListener("click", () => onStop());
    this.#takeFiles();
    this.#show();
  }

  /**
   * @param {import("./entrance.js").ChatAccess} access
   */
  open(access) {
    this.#form.hidden = false;
    byId("attach").hidden = !access.mayManage;
    this.#attachments = access.mayManage
      ? new Attachments(byId("attachments"), access.client, () => this.#show())
      : null;
    this.#show();
  }

  close() {
    this.#form.hidden = true;
  }

  /** @param {boolean} busy whether an answer is in progress, which can be stopped */
  set busy(busy) {
    const focused = [this.#send, this.#stop].some((one) => one === document.activeElement);
    this.#busy = busy;
    this.#show();
    // The focused button is now hidden: keep the focus from returning to the top of the page.
    if (focused) (busy ? this.#stop : this.#field).focus();
  }

  /** Focus the field, unless that would open an on-screen keyboard over the page. */
  focus() {
    if (!window.matchMedia("(pointer: coarse)").matches) this.#field.focus();
  }

  /** Empty the message and its attachments. */
  clear() {
    this.#field.value = "";
    this.#attachments?.clear();
    this.#show();
  }

  #submit(onSend) {
    const text = this.#field.value.trim();
    const { files = [], images = [] } = this.#attachments ?? {};
    if (this.#busy) return;
    if (this.#attachments?.uploading) {
      notify("waitForUpload");
      return;
    }
    if (!text && !images.length) return;
    this.clear();
    onSend({ text, files, images });
  }

  #show() {
    const nothing = !this.#field.value.trim() && !this.#attachments?.images.length;
    this.#send.hidden = this.#busy;
    this.#send.disabled = nothing || Boolean(this.#attachments?.uploading);
    this.#stop.hidden = !this.#busy;
    this.#field.style.height = "auto";
    this.#field.style.height = `${this.#field.scrollHeight}px`;
  }

  #takeFiles() {
    const input = byId("file-input", HTMLInputElement);
    byId("attach").addEventListener("click", () => input.click());
    input.addEventListener("change", () => {
      this.#attachments?.add(input.files ?? []);
      input.value = "";
    });
    this.#field.addEventListener("paste", (event) => {
      const { files } = event.clipboardData ?? { files: [] };
      if (!this.#attachments || !files.length) return;
      event.preventDefault();
      this.#attachments.add(files);
    });
    const content = byId("content");
    const takesFiles = () => this.#attachments !== null;
    acceptDrops(content, (files) => this.#attachments?.add(files), takesFiles);
  }
}
