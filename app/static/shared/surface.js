/** The element that shows Markdown's blocks: finished blocks stay, unfinished ones are replaced. */

import { CodeView } from "./code_view.js";
import { fragmentOf, languageClass } from "./markdown.js";

/**
 * @typedef {import("../vendor/marked.js").Token} Token
 * @typedef {{kind: string, holder: Element|null}} Join how a block continues the one before it
 */

/** Selectors of the elements that get the rest of a split block. */
/** @type {Record<string, string>} */
const HOLDERS = { list: "ul, ol", table: "tbody", quote: "blockquote", line: "p", words: "p" };
/** @type {Record<string, string>} */
const ALIKE = { list: "list", table: "table", quote: "blockquote", line: "paragraph" };
/** Browsers lay these out as a whole each time they grow, so their length is limited. */
const LAID_OUT_WHOLE = new Set(["table", "line", "words"]);
const MOST_IN_ONE = 8000;
/** Characters of plain text per paragraph; it is split at the next line end. */
const PLAIN_PART = 2000;
const CAN_REFER = /\[[^\]\n]+\](?!\()/;

/** The nodes of one part of an answer. */
export class Surface {
  #options;
  #element;
  #open = [];
  #levels = [];
  #noted = false;

  /**
   * @param {HTMLElement} element
   * @param {Required<import("./markdown_view.js").MarkdownOptions>} options
   */
  constructor(element, options) {
    this.#element = element;
    this.#options = options;
    element.replaceChildren();
  }

  /**
   * Show blocks after the finished ones.
   *
   * @param {Token[]} finished tokens that stay
   * @param {Token[]} open tokens that may change
   * @param {import("./markdown.js").Source[]} sources
   * @param {Join|null} join how the first token continues the last finished block
   * @returns {Array<{token: Token, nodes: Node[], kind: string|null}>} finished blocks that may
   *   refer to links defined later; `kind` is set for a piece of a block
   */
  put(finished, open, sources, join) {
    const referring = [];
    const pieces = [];
    const add = (tokens, levels, holder) => {
      const nodes = this.#nodesOf(tokens, sources, levels, holder && join ? join.kind : null);
      pieces.push(...nodes.map((node) => ({ node, parent: holder ?? this.#element })));
      return nodes.map((_, place) => pieces.length - nodes.length + place);
    };
    const groups = groupsOf(finished, join);
    const holderOf = (joined) => (joined && join ? join.holder : null);
    const places = groups.map(({ tokens, joined }) => add(tokens, this.#levels, holderOf(joined)));
    const stay = pieces.length;
    for (const { tokens, joined } of groupsOf(open, finished.length ? null : join)) {
      add(tokens, [...this.#levels], holderOf(joined));
    }
    // A piece in a new block continues without a gap.
    if (join && !join.holder) pieces[0]?.node.classList?.add("block-part");
    this.#show(pieces);
    this.#open = pieces.slice(stay);
    groups.forEach(({ tokens: [token], joined }, place) => {
      const nodes = places[place].map((index) => pieces[index].node);
      const kind = joined && join ? join.kind : null;
      if (CAN_REFER.test(token.raw)) referring.push({ token, nodes, kind });
    });
    return referring;
  }

  /** Replace the nodes of a block, or of a piece of one. */
  replace({ nodes, kind }, token, sources) {
    if (!nodes.length || !isAlike(token, kind)) return;
    nodes[0].before(...this.#nodesOf([token], sources, [...this.#levels], kind));
    for (const node of nodes) node.remove();
  }

  /**
   * @param {string} kind how the last finished block was split
   * @returns {Element|null} element for the rest of it; null if the rest must be a new block
   */
  holder(kind) {
    const last = this.#element.lastElementChild;
    const selector = HOLDERS[kind];
    const holder = last?.matches(selector) ? last : last?.querySelector(selector);
    const isFull = LAID_OUT_WHOLE.has(kind) && (holder?.textContent?.length ?? 0) > MOST_IN_ONE;
    return isFull ? null : (holder ?? null);
  }

  /** @returns {CodeView} a new code block after the finished blocks */
  code(fence) {
    this.#show([]);
    const code = document.createElement("code");
    code.className = languageClass(fence.language);
    if (!code.className) code.removeAttribute("class");
    const pre = document.createElement("pre");
    pre.append(code);
    const fragment = document.createDocumentFragment();
    fragment.append(pre);
    this.#options.decorate(fragment, this.#levels);
    this.#element.append(fragment);
    return new CodeView(code, fence);
  }

  /** @returns {(text: string) => void} appends to a new plain text after the finished blocks */
  plain() {
    this.#show([]);
    if (!this.#noted) this.#element.append(this.#options.plainNote());
    this.#noted = true;
    let length = PLAIN_PART;
    /** @type {HTMLParagraphElement|null} */
    let paragraph = null;
    return (text) => {
      for (const line of text.split(/(?<=\n)/)) {
        if (length >= PLAIN_PART && (!paragraph || paragraph.textContent.endsWith("\n"))) {
          const className = paragraph ? "plain-text plain-more" : "plain-text";
          paragraph = document.createElement("p");
          paragraph.className = className;
          this.#element.append(paragraph);
          length = 0;
        }
        paragraph?.append(line);
        length += line.length;
      }
    };
  }

  /** Keep nodes that have not changed, so that growing text keeps its selection and focus. */
  #show(pieces) {
    let equal = 0;
    for (const { node, parent } of this.#open) {
      const next = pieces[equal];
      if (!next || next.parent !== parent || !node.isEqualNode(next.node)) break;
      next.node = node;
      equal += 1;
    }
    for (const { node } of this.#open.slice(equal)) node.remove();
    for (const { node, parent } of pieces.slice(equal)) parent.append(node);
    this.#open = [];
  }

  #nodesOf(tokens, sources, levels, kind) {
    const fragment = fragmentOf(tokens, sources, this.#options.nameButton);
    this.#options.decorate(fragment, levels);
    if (!kind) return [...fragment.childNodes].filter(isSomething);
    const inner = [...(fragment.querySelector(HOLDERS[kind])?.childNodes ?? [])];
    if (kind === "line") return [document.createElement("br"), ...inner];
    if (kind === "words") return [document.createTextNode(" "), ...inner];
    return inner.filter(isSomething);
  }
}

/** Group tokens to render together; a joined first token and those with references stay alone. */
function groupsOf(tokens, join) {
  /** @type {Array<{tokens: Token[], joined: boolean, alone: boolean}>} */
  const groups = [];
  for (const [place, token] of tokens.entries()) {
    if (token.type === "space" || token.type === "def") continue;
    const joined = place === 0 && Boolean(join?.holder) && isAlike(token, join.kind);
    const alone = joined || CAN_REFER.test(token.raw);
    const last = groups.at(-1);
    if (!alone && last && !last.alone) last.tokens.push(token);
    else groups.push({ tokens: [token], joined, alone });
  }
  return groups;
}

function isAlike(token, kind) {
  return kind === null || token.type === (ALIKE[kind] ?? "paragraph");
}

function isSomething(node) {
  return node.nodeType !== Node.TEXT_NODE || node.data.trim() !== "";
}
