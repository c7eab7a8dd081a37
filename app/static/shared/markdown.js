/**
 * A model's Markdown as nodes that can do no harm.
 *
 * Whatever a model writes, the result holds no script, event handler, style, form or frame, and
 * loads nothing: links open elsewhere, and images are links. Three things see to it, each for
 * itself: raw HTML stays text (but for a few tags without attributes), DOMPurify lets through what
 * is listed here alone, and the page's Content-Security-Policy forbids the rest.
 */

import { Lexer, Marked } from "../vendor/marked.js";
import createPurifier from "../vendor/purify.js";
import { fileButton } from "./files.js";
import { formulaElement, mathExtensions } from "./math.js";

const PLAIN_TAGS = "b|br|del|details|em|hr|i|ins|kbd|mark|p|s|small|strong|sub|summary|sup|u";
const PLAIN_TAG_OR_SPECIAL = new RegExp(`</?(?:${PLAIN_TAGS})\\s*/?>|[<>&"]`, "gi");
/** @type {Record<string, string>} */
const ENTITIES = { "<": "&lt;", ">": "&gt;", "&": "&amp;", '"': "&quot;" };
const LANGUAGE_CLASS = /^language-[\w+#.-]+$/;

// Characters of private use, with a word that no model knows: they mark where something of the
// page's own goes, a citation's button or a formula.
const NONCE = Math.random().toString(36).slice(2, 10);
const MARK_BEGINS = "\uE000";
const MARK_ENDS = "\uE001";
const MARK = new RegExp(`${MARK_BEGINS}${NONCE}([cf])(\\d+)${MARK_ENDS}`);
/** The address of a file that a model made, followed by its id and its name. */
const FILE_ADDRESS = `sandbox:${NONCE}/`;

const PURIFY = {
  RETURN_DOM_FRAGMENT: true,
  ALLOWED_TAGS: [
    ...PLAIN_TAGS.split("|"),
    ..."a blockquote code h1 h2 h3 h4 h5 h6 li ol pre table tbody td th thead tr ul".split(" "),
  ],
  ALLOWED_ATTR: ["align", "class", "href", "start", "title"],
  ALLOW_ARIA_ATTR: false,
  ALLOW_DATA_ATTR: false,
  ALLOWED_URI_REGEXP: new RegExp(`^(?:https?://|mailto:|${FILE_ADDRESS})`, "i"),
  // These hold no address, so that rule is not for them.
  ADD_URI_SAFE_ATTR: ["align", "start"],
};
const MATH_TAGS =
  "math menclose merror mfenced mfrac mi mmultiscripts mn mo mover mpadded mphantom mroot mrow ms "
  + "mspace msqrt mstyle msub msubsup msup mtable mtd mtext mtr munder munderover mprescripts span";
const PURIFY_MATH = {
  RETURN_DOM_FRAGMENT: true,
  ALLOWED_TAGS: MATH_TAGS.split(" "),
  ALLOWED_ATTR:
    "accent accentunder columnalign columnlines columnspacing depth display displaystyle fence "
      .concat("height linethickness lspace mathcolor mathvariant maxsize minsize movablelimits ")
      .concat("notation rowlines rowspacing rspace scriptlevel separator stretchy symmetric ")
      .concat("voffset width xmlns")
      .split(" "),
  // The LaTeX source, which KaTeX puts beside the formula.
  FORBID_CONTENTS: ["annotation", "script", "style", "title"],
  ALLOW_ARIA_ATTR: false,
  ALLOW_DATA_ATTR: false,
};

/** What the tokens that are being rendered hold, while that lasts. */
let formulas = [];
let isGrowing = false;

const marked = new Marked({
  gfm: true,
  breaks: true,
  renderer: {
    html: ({ text }) => text.replace(PLAIN_TAG_OR_SPECIAL, (found) => ENTITIES[found] ?? found),
    image: ({ href, text }) => `<a href="${escaped(href)}">${escaped(text || href)}</a>`,
    checkbox: ({ checked }) => (checked ? "☑ " : "☐ "),
  },
  extensions: [],
});
marked.use({
  extensions: mathExtensions(
    () => isGrowing,
    (token) => markOf("f", formulas.push(token)),
  ),
});

const purifier = createPurifier(window);
purifier.addHook("afterSanitizeAttributes", (node) => {
  if (node.nodeName === "A" && node.hasAttribute("href")) {
    node.setAttribute("target", "_blank");
    node.setAttribute("rel", "noopener noreferrer nofollow");
  }
  // Of classes only the language of a code block is wanted.
  if (node.hasAttribute("class") && !LANGUAGE_CLASS.test(node.className)) {
    node.removeAttribute("class");
  }
});

/**
 * @typedef {import("../vendor/marked.js").Token} Token
 * @typedef {{number: number, mark: string, name: string, fileId: string}} Source `number` counts
 *   the passages that an answer cites, from 1
 */

/**
 * @param {import("./turn.js").Part[]} parts of one answer
 * @returns {Source[]} the passages it cites, each once, in the order of their first mark
 */
export function sourcesOf(parts) {
  const sources = new Map();
  for (const annotation of parts.flatMap((part) => part.annotations)) {
    const { file_citation: cited } = annotation;
    if (annotation.type !== "file_citation" || !cited || sources.has(annotation.text)) continue;
    sources.set(annotation.text, {
      number: sources.size + 1,
      mark: annotation.text,
      name: nameIn(annotation.text),
      fileId: cited.file_id,
    });
  }
  return [...sources.values()];
}

/**
 * Split a text into Markdown's blocks.
 *
 * @param {string} text
 * @param {Record<string, object>} links definitions of links that stood before; those in `text`
 *   are added
 * @param {boolean} growing whether more text may follow
 * @returns {Token[]} marked's tokens; `raw` of all of them together is `text`
 */
export function tokensOf(text, links, growing) {
  const lexer = new Lexer(marked.defaults);
  lexer.tokens.links = links;
  isGrowing = growing;
  try {
    return [...lexer.lex(text)];
  } finally {
    isGrowing = false;
  }
}

/**
 * @param {Token[]} tokens blocks, as `tokensOf` returns them
 * @param {Source[]} sources each cited mark becomes `<button class="citation"
 *   data-citation="number">`; clicks are for the page that shows it
 * @param {(button: HTMLButtonElement, source: Source) => void} nameButton names a citation
 * @returns {DocumentFragment}
 */
export function fragmentOf(tokens, sources, nameButton) {
  formulas = [];
  try {
    const fragment = purifier.sanitize(marked.parser(tokens), PURIFY);
    putMarked(fragment, formulas, sources, nameButton);
    putFiles(fragment);
    return fragment;
  } finally {
    formulas = [];
  }
}

/** @returns {string} what stands in the Markdown for a citation of this source */
export function citationMark(number) {
  return markOf("c", number);
}

/**
 * @param {import("./turn.js").Part[]} parts of one answer
 * @returns {Array<{id: string, name: string}>} the files that it offers, each once
 */
export function filesOf(parts) {
  const files = new Map();
  for (const annotation of parts.flatMap((part) => part.annotations)) {
    const id = annotation.file_path?.file_id;
    if (annotation.type !== "file_path" || !id) continue;
    files.set(id, { id, name: nameOfPath(annotation.text) });
  }
  return [...files.values()];
}

/**
 * @param {import("./turn.js").Annotation} annotation of a `sandbox:` path
 * @param {string} before the character before it
 * @returns {string} what stands in the Markdown for it: a link, or the address of the link that the
 *   model wrote; in code the path itself
 */
export function fileMark({ text, file_path: file }, before) {
  if (!file || before === "`") return text;
  const name = nameOfPath(text);
  const address = FILE_ADDRESS + [file.file_id, name].map(encoded).join("/");
  if (before === "(" || before === "<") return address;
  // Backslashes would not do: before parentheses they begin a formula.
  const label = name.replace(/[!-/:-@[-`{-~]/g, (found) => `&#${found.charCodeAt(0)};`);
  return `[${label}](${address})`;
}

/**
 * @param {string} text that a model wrote
 * @returns {string} the same without what could be taken for a mark
 */
export function withoutMarks(text) {
  return text.replaceAll(MARK_BEGINS, "").replaceAll(MARK_ENDS, "");
}

/** @returns {string} the class of a block of code in this language; "" where it can't be one */
export function languageClass(language) {
  const name = `language-${language}`;
  return LANGUAGE_CLASS.test(name) ? name : "";
}

function markOf(kind, number) {
  return `${MARK_BEGINS}${NONCE}${kind}${number}${MARK_ENDS}`;
}

function putMarked(fragment, found, sources, nameButton) {
  const walker = document.createTreeWalker(fragment, NodeFilter.SHOW_TEXT);
  /** @type {Text[]} */
  const texts = [];
  while (walker.nextNode()) texts.push(/** @type {Text} */ (walker.currentNode));
  for (let text of texts) {
    for (let mark = MARK.exec(text.data); mark; mark = MARK.exec(text.data)) {
      const [whole, kind, number] = mark;
      const place = Number(number) - 1;
      const element =
        kind === "f"
          ? formulaElement(found[place], purifyMath)
          : citationButton(sources[place], nameButton);
      const rest = text.splitText(mark.index);
      rest.data = rest.data.slice(whole.length);
      rest.before(element);
      text = rest;
    }
  }
}

function putFiles(fragment) {
  for (const link of fragment.querySelectorAll(`a[href^="${FILE_ADDRESS}"]`)) {
    const [id, name] = link.getAttribute("href").slice(FILE_ADDRESS.length).split("/");
    const button = fileButton(decodeURIComponent(id), decodeURIComponent(name));
    if (link.textContent?.trim()) button.replaceChildren(...link.childNodes);
    link.replaceWith(button);
  }
}

function purifyMath(html) {
  return purifier.sanitize(html, PURIFY_MATH);
}

function citationButton(source, nameButton) {
  const button = document.createElement("button");
  button.type = "button";
  button.className = "citation";
  button.dataset.citation = String(source.number);
  button.textContent = String(source.number);
  nameButton(button, source);
  return button;
}

function nameIn(mark) {
  return mark.slice(mark.indexOf("†") + 1, -1) || mark;
}

/** The last part of a path such as `sandbox:/mnt/data/report.csv`. */
function nameOfPath(path) {
  return path.slice(path.lastIndexOf("/") + 1) || path;
}

/** As a part of an address in Markdown, where parentheses would end it. */
function encoded(text) {
  return encodeURIComponent(text).replace(/[()]/g, (found) => (found === "(" ? "%28" : "%29"));
}

function escaped(text) {
  return String(text).replace(/[<>&"]/g, (found) => ENTITIES[found]);
}
