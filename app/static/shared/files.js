/** Contents of files, loaded with the caller's credentials and kept while they are shown. */

/**
 * @typedef {object} Loaded
 * @property {Blob} blob its type is an image's MIME type, else ""
 * @property {string} url its `blob:` URL, valid until `clear`
 * @property {string} name file name to save it under
 */

/** First bytes, in hexadecimal, of the image types that browsers show. */
const PICTURES = [
  { begins: /^89504e47/, type: "image/png", ending: "png" },
  { begins: /^ffd8ff/, type: "image/jpeg", ending: "jpg" },
  { begins: /^47494638/, type: "image/gif", ending: "gif" },
  { begins: /^52494646.{8}57454250/, type: "image/webp", ending: "webp" },
];
// Milliseconds until a saved file's URL is revoked.
const RELEASED_AFTER = 60_000;

/** Loads each file once. */
export class FileContents {
  #client;
  /** @type {Map<string, Promise<Loaded>>} */
  #loaded = new Map();

  /** @param {import("./client.js").ApiClient} client */
  constructor(client) {
    this.#client = client;
  }

  /**
   * @param {string} fileId
   * @returns {Promise<Loaded>}
   * @throws {import("./client.js").ApiError}
   */
  load(fileId) {
    const known = this.#loaded.get(fileId);
    if (known) return known;
    const loading = this.#load(fileId);
    this.#loaded.set(fileId, loading);
    // A failed load may be tried again.
    loading.catch(() => this.#loaded.delete(fileId));
    return loading;
  }

  /**
   * Let the browser save a file.
   *
   * @param {string} fileId
   * @param {string} [name]
   * @throws {import("./client.js").ApiError}
   */
  async save(fileId, name) {
    const loaded = await this.#load(fileId);
    saveAs(name ?? loaded.name, loaded.url);
    setTimeout(() => URL.revokeObjectURL(loaded.url), RELEASED_AFTER);
  }

  /** Release all files; none of them is shown any more. */
  clear() {
    const loaded = [...this.#loaded.values()];
    this.#loaded.clear();
    for (const one of loaded) one.then(({ url }) => URL.revokeObjectURL(url), () => {});
  }

  /**
   * @param {string} fileId
   * @returns {Promise<Loaded>}
   */
  async #load(fileId) {
    const response = await this.#client.fetch("GET", `files/${fileId}/content`);
    const bytes = await response.blob();
    const picture = await pictureTypeOf(bytes);
    const blob = new Blob([bytes], { type: picture?.type ?? "" });
    const name = picture ? `${fileId}.${picture.ending}` : fileId;
    return { blob, url: URL.createObjectURL(blob), name };
  }
}

/**
 * Let the browser save text in a file.
 *
 * @param {string} name
 * @param {string} text
 * @param {string} type a MIME type
 */
export function saveText(name, text, type) {
  const url = URL.createObjectURL(new Blob([text], { type }));
  saveAs(name, url);
  setTimeout(() => URL.revokeObjectURL(url), RELEASED_AFTER);
}

/**
 * @param {string} fileId
 * @param {string} name
 * @returns {HTMLButtonElement} a button to save a file; the caller must handle its clicks
 */
export function fileButton(fileId, name) {
  const button = document.createElement("button");
  button.type = "button";
  button.className = "file-link";
  button.dataset.file = fileId;
  button.dataset.name = name;
  button.textContent = name;
  return button;
}

/**
 * @param {string} name
 * @param {string} url
 */
function saveAs(name, url) {
  const link = document.createElement("a");
  link.href = url;
  link.download = name;
  link.click();
}

/** @param {Blob} blob */
async function pictureTypeOf(blob) {
  const bytes = new Uint8Array(await blob.slice(0, 12).arrayBuffer());
  const begins = Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
  return PICTURES.find((one) => one.begins.test(begins)) ?? null;
}
