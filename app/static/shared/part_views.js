/** Views for the parts of a message by type, including unknown types. */

import { MarkdownView } from "./markdown_view.js";
import { PictureView } from "./picture_view.js";

/**
 * @typedef {import("./turn.js").Part} Part
 * @typedef {{element: HTMLElement, drawn: boolean,
 *   show: (part: Part, sources: import("./markdown.js").Source[], growing: boolean) => void}}
 *   PartView
 * @typedef {import("./picture_view.js").PictureOptions & {
 *   markdown: import("./markdown_view.js").MarkdownOptions}} PartOptions
 */

/** @type {Record<string, (part: Part, options: PartOptions) => PartView>} */
const VIEWS = {
  text: (_part, { markdown }) => new MarkdownView(markdown),
  refusal: (_part, { markdown }) => new MarkdownView(markdown),
  image_file: (part, options) => {
    const fileId = part.content?.image_file?.file_id ?? "";
    return new PictureView(fileId, () => options.t("picture"), options);
  },
  image_url: (part, options) => new AddressView(part, options),
};

/**
 * @param {Part} part
 * @param {PartOptions} options
 * @returns {PartView}
 */
export function partView(part, options) {
  const view = Object.hasOwn(VIEWS, part.type) ? VIEWS[part.type] : null;
  return view ? view(part, options) : new UnknownView(options);
}

/** @param {string} address */
function isOnTheWeb(address) {
  return URL.canParse(address) && ["http:", "https:"].includes(new URL(address).protocol);
}

/**
 * An image on another server: a link, because the page loads nothing from other servers.
 *
 * @implements {PartView}
 */
class AddressView {
  element = document.createElement("p");
  drawn = true;
  #options;

  /**
   * @param {Part} part
   * @param {PartOptions} options
   */
  constructor(part, options) {
    this.#options = options;
    this.element.className = "picture-address";
    this.show(part);
  }

  /** @param {Part} part */
  show(part) {
    const address = String(part.content?.image_url?.url ?? "");
    const { t } = this.#options;
    if (isOnTheWeb(address)) {
      const link = document.createElement("a");
      Object.assign(link, { href: address, target: "_blank", rel: "noopener noreferrer nofollow" });
      link.textContent = t("pictureAt", { address });
      this.element.replaceChildren(link);
    } else {
      this.element.textContent = t("pictureAt", { address: address.slice(0, 100) });
    }
  }
}

/**
 * A part of an unknown type: shows the type and the API's JSON.
 *
 * @implements {PartView}
 */
class UnknownView {
  element = document.createElement("div");
  drawn = true;
  #options;
  #note = document.createElement("p");
  #content = document.createElement("pre");

  /** @param {PartOptions} options */
  constructor(options) {
    this.#options = options;
    this.element.className = "unknown-part";
    this.#note.className = "note";
    this.#content.tabIndex = 0;
    this.element.append(this.#note, this.#content);
  }

  /** @param {Part} part */
  show(part) {
    this.#note.textContent = this.#options.t("unknownPart", { type: part.type });
    this.#content.textContent = JSON.stringify(part.content, null, 2);
  }
}
