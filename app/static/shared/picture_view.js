/** An image stored as a file: loaded once it scrolls into view, with a link to download it. */

import { ApiError } from "./client.js";

/**
 * @typedef {object} PictureOptions
 * @property {import("./files.js").FileContents} files
 * @property {(name: string, values?: import("./language.js").Values) => string} t returns texts,
 *   including those of `sharedTexts`
 * @property {boolean} [onCanvas] draw it on a canvas: another site's Content-Security-Policy may
 *   refuse `blob:` URLs for images
 * @property {() => void} [onDrawn] called after its size changed
 */

/** Draws one image, or says that it can't be shown. */
export class PictureView {
  element = document.createElement("figure");
  /** Always true: a loading image doesn't delay the rest of the answer. */
  drawn = true;
  #fileId;
  #alt;
  #options;
  #note = document.createElement("p");
  /** @type {"loading"|"shown"|"failed"} */
  #state = "loading";
  /** @type {HTMLImageElement|HTMLCanvasElement|null} */
  #picture = null;
  #link = document.createElement("a");

  /**
   * @param {string} fileId
   * @param {() => string} alt returns its alternative text in the current language
   * @param {PictureOptions} options
   */
  constructor(fileId, alt, options) {
    this.#fileId = fileId;
    this.#alt = alt;
    this.#options = options;
    this.element.className = "picture";
    this.element.setAttribute("aria-busy", "true");
    this.#note.className = "note";
    this.#link.className = "download";
    this.element.append(this.#note);
    this.show();
    const watch = new IntersectionObserver((entries) => {
      if (!entries.some((entry) => entry.isIntersecting)) return;
      watch.disconnect();
      this.#load();
    });
    watch.observe(this.element);
  }

  /** Update its texts to the current language. */
  show() {
    const { t } = this.#options;
    const file = this.#fileId;
    this.#note.textContent =
      this.#state === "failed" ? t("pictureFailed", { file }) : t("pictureLoading");
    this.#link.textContent = t("downloadPicture");
    if (this.#picture instanceof HTMLImageElement) this.#picture.alt = this.#alt();
    else this.#picture?.setAttribute("aria-label", this.#alt());
  }

  async #load() {
    try {
      const { blob, url, name } = await this.#options.files.load(this.#fileId);
      this.#picture = this.#options.onCanvas ? await canvasOf(blob) : await imageOf(url);
      this.#state = "shown";
      Object.assign(this.#link, { href: url, download: name });
      const caption = document.createElement("figcaption");
      caption.append(this.#link);
      this.element.replaceChildren(this.#picture, caption);
    } catch (error) {
      // A file that is not an image causes an EncodingError or InvalidStateError.
      if (!(error instanceof ApiError || error instanceof DOMException)) throw error;
      this.#state = "failed";
    }
    this.element.removeAttribute("aria-busy");
    this.show();
    this.#options.onDrawn?.();
  }
}

/** @param {string} url */
async function imageOf(url) {
  const image = document.createElement("img");
  image.src = url;
  await image.decode();
  return image;
}

/** @param {Blob} blob */
async function canvasOf(blob) {
  const bitmap = await createImageBitmap(blob);
  const canvas = document.createElement("canvas");
  canvas.width = bitmap.width;
  canvas.height = bitmap.height;
  canvas.getContext("2d")?.drawImage(bitmap, 0, 0);
  bitmap.close();
  canvas.setAttribute("role", "img");
  return canvas;
}
