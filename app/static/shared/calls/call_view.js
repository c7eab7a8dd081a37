/** The tool calls of an answer, each as a line that unfolds. */

import { fileButton } from "../files.js";
import { translator } from "../language.js";
import { PictureView } from "../picture_view.js";
import { drawing } from "../svg.js";
import { toolOf } from "./registry.js";
import { callTexts } from "./texts.js";

/**
 * @typedef {import("./registry.js").Call} Call
 * @typedef {import("./registry.js").Piece} Piece
 * @typedef {import("./registry.js").Tool} Tool
 * @typedef {import("./registry.js").Translate} Translate
 *
 * @typedef {import("../picture_view.js").PictureOptions & {brief?: boolean,
 *   frame?: (code: HTMLElement, language: string) => HTMLElement,
 *   language: () => import("../language.js").Language}} CallOptions `brief`: of calls that nobody
 *   watches, show only the line and the pictures and files that they made, with nothing to unfold;
 *   `frame` returns the element around code that people may want to copy
 */

const CHECK = "M5 13l4 4 10-10";
const CHEVRON = "M9 6l6 6-6 6";
/** Within this many pixels of its end, growing text is followed. */
const NEAR = 8;

/** Draws one step and updates it; unfolded calls stay unfolded. */
export class StepView {
  element = make("div", "step");
  #options;
  /** @type {CallView[]} */
  #calls = [];

  /** @param {CallOptions} options */
  constructor(options) {
    this.#options = options;
  }

  /** @param {import("../turn.js").ToolStep} step */
  show(step) {
    step.calls.filter(Boolean).forEach((call, place) => {
      const view = (this.#calls[place] ??= this.#add(toolOf(call.type)));
      view.show(call, step.status);
    });
  }

  /** @param {Tool} tool */
  #add({ isLive }) {
    const view = new CallView(this.#options, !this.#options.brief || Boolean(isLive));
    this.element.append(view.element);
    return view;
  }
}

class CallView {
  #options;
  #icon = make("span", "step-icon");
  #title = make("span", "step-title");
  #state = make("span", "step-state");
  #body = make("div", "step-body");
  /** @type {Array<ReturnType<typeof viewOf>>} */
  #views = [];
  #folds;
  #isBusy = false;
  #isPressed = false;

  /**
   * @param {CallOptions} options
   * @param {boolean} folds whether it can be unfolded
   */
  constructor(options, folds) {
    this.#options = options;
    this.#folds = folds;
    const line = [this.#icon, this.#title, this.#state];
    if (!folds) {
      this.element = make("div", "call");
      this.element.append(make("div", "call-line", ...line), this.#body);
    } else {
      this.element = make("details", "call");
      const summary = make("summary", "", ...line, icon(CHEVRON));
      summary.addEventListener("click", () => {
        this.#isPressed = true;
      });
      this.element.append(summary, this.#body);
    }
  }

  /**
   * @param {Call} call
   * @param {string} status of its step
   */
  show(call, status) {
    const tool = toolOf(call.type);
    const t = textsOf(tool, this.#options.language());
    const busy = status === "in_progress";
    const failed = status === "failed" || status === "expired";
    this.element.classList.toggle("busy", busy);
    this.element.dataset.type = call.type ?? "";
    if (this.#icon.dataset.path !== tool.icon) {
      this.#icon.dataset.path = tool.icon;
      this.#icon.replaceChildren(icon(tool.icon));
    }
    this.#title.textContent = tool.title(call, busy, t);
    if (failed) this.#state.textContent = t("failed");
    else this.#state.replaceChildren(...(status === "completed" ? [icon(CHECK)] : []));
    const pieces = tool.pieces(call, t, busy);
    this.#showPieces(this.#folds ? pieces : pieces.filter(isMade));
    if (tool.isLive) this.#unfold(busy);
    this.#isBusy = busy;
  }

  /**
   * Unfold a call that begins and fold one that has ended, unless the reader did something with it.
   *
   * @param {boolean} busy
   */
  #unfold(busy) {
    if (busy === this.#isBusy || this.#isPressed) return;
    if (!(this.element instanceof HTMLDetailsElement)) return;
    if (!busy && this.element.matches(":focus-within")) return;
    for (const pre of this.#body.querySelectorAll("pre")) pre.scrollTop = 0;
    this.element.open = busy;
  }

  /**
   * A piece of the same kind keeps its element, so that selections, scroll positions and pictures
   * survive while more arrives.
   *
   * @param {Piece[]} pieces
   */
  #showPieces(pieces) {
    pieces.forEach((piece, place) => {
      let view = this.#views[place];
      if (view?.key !== keyOf(piece)) {
        const next = viewOf(piece, this.#options);
        if (view) view.element.replaceWith(next.element);
        else this.#body.append(next.element);
        view = this.#views[place] = next;
      }
      view.show(piece);
    });
    for (const { element } of this.#views.splice(pieces.length)) element.remove();
  }
}

/**
 * @param {Piece} piece
 * @param {CallOptions} options
 */
function viewOf(piece, options) {
  const element = make("div", "piece");
  const heading = make("h3", "");
  const { show, content } = contentOf(piece, options);
  element.append(heading, content);
  return {
    key: keyOf(piece),
    element,
    /** @param {Piece} next */
    show(next) {
      heading.textContent = next.heading ?? "";
      heading.hidden = !next.heading;
      show(next);
    },
  };
}

/** @typedef {{content: HTMLElement, show: (piece: Piece) => void}} Content */

/**
 * @param {Piece} first
 * @param {CallOptions} options
 * @returns {Content}
 */
function contentOf(first, options) {
  switch (first.kind) {
    case "picture": {
      let alt = first.text ?? "";
      const view = new PictureView(first.fileId ?? "", () => alt, options);
      const show = (/** @type {Piece} */ piece) => {
        alt = piece.text ?? "";
        view.show();
      };
      return { content: view.element, show };
    }
    case "file": {
      const content = fileButton(first.fileId ?? "", first.text ?? "");
      return { content, show: () => {} };
    }
    case "list": {
      const content = make("ol", "results");
      return { content, show: ({ items = [] }) => showItems(content, items) };
    }
    case "text": {
      const content = make("p", "muted");
      return { content, show: ({ text = "" }) => setText(content, text) };
    }
    default: {
      const pre = make("pre", "");
      pre.tabIndex = 0;
      const content = first.language ? (options.frame?.(pre, first.language) ?? pre) : pre;
      return { content, show: ({ text = "" }) => setText(pre, text) };
    }
  }
}

/**
 * @param {HTMLElement} list
 * @param {Array<{name: string, text: string}>} items
 */
function showItems(list, items) {
  const form = JSON.stringify(items);
  if (list.dataset.form === form) return;
  list.dataset.form = form;
  const lines = items.map(({ name, text }) => {
    const title = make("strong", "");
    title.textContent = name;
    const detail = make("span", "muted");
    detail.textContent = text ? ` ${text}` : "";
    return make("li", "", title, detail);
  });
  list.replaceChildren(...lines);
}

/**
 * Append to text that only grew, and keep its end in view; replace other text.
 *
 * @param {HTMLElement} element
 * @param {string} text
 */
function setText(element, text) {
  const before = element.textContent ?? "";
  if (before === text) return;
  const node = element.firstChild;
  if (!(node instanceof Text && text.startsWith(before))) {
    element.textContent = text;
    return;
  }
  const { scrollHeight, scrollTop, clientHeight } = element;
  node.appendData(text.slice(before.length));
  if (scrollHeight - scrollTop - clientHeight < NEAR) element.scrollTop = element.scrollHeight;
}

/** @param {Piece} piece */
function isMade({ kind }) {
  return kind === "picture" || kind === "file";
}

/** @param {Piece} piece */
function keyOf({ kind, fileId = "", language = "" }) {
  return `${kind} ${fileId} ${language}`;
}

/**
 * @param {Tool} tool
 * @param {import("../language.js").Language} language
 * @returns {Translate}
 */
function textsOf({ texts }, language) {
  return translator(
    { en: { ...callTexts.en, ...texts.en }, ko: { ...callTexts.ko, ...texts.ko } },
    language,
  );
}

/** @param {string} path */
function icon(path) {
  const svg = drawing(path);
  svg.setAttribute("class", "icon");
  return svg;
}

/**
 * @template {keyof HTMLElementTagNameMap} K
 * @param {K} tag
 * @param {string} className
 * @param {...Node} children
 * @returns {HTMLElementTagNameMap[K]}
 */
function make(tag, className, ...children) {
  const element = document.createElement(tag);
  if (className) element.className = className;
  element.append(...children);
  return element;
}
