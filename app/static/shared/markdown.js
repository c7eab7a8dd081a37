/**
 * Renders a model's Markdown as safe nodes.
 *
 * Whatever a model writes, the result has no script, event handler, style, form or frame, and loads
 * nothing: links open in a new tab, and images become links. Three independent measures ensure
 * that: raw HTML stays text (except a few tags without attributes), DOMPurify lets only the tags
 * and attributes listed here through, and the page's Content-Security-Policy forbids the rest.
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

// Private-use characters and a nonce that no model knows mark the places where the page inserts its
// own elements: a citation's button or a formula.
const NONCE = Math.random().toString(36).slice(2, 10);
const MARK_BEGINS = "\uE000";
const MARK_ENDS = "\uE001";
const MARK = new RegExp(`${MARK_BEGINS}${NONCE}([cf])(\\d+)${MARK_ENDS}`);
/** Prefix of the address of a file that a model made; its id and name follow. */
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
  // These contain no address: exempt them from the rule above.
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
  // `annotation` is the LaTeX source, which KaTeX adds to the formula.
  FORBID_CONTENTS: ["annotation", "script", "style", "title"],
  ALLOW_ARIA_ATTR: false,
  ALLOW_DATA_ATTR: false,
};

/** Formulas of the tokens being rendered, and whether the text being parsed may grow. */
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
  // The only class allowed is the language of a code block.
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
 * @returns {Source[]} the passages that it cites, each once, in order of their first mark
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
 * @param {Record<string, object>} links earlier link definitions; those in `text` are added
 * @param {boolean} growing whether more text may follow
 * @returns {Token[]} marked's tokens; their `raw` texts together are `text`
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
 *   data-citation="number">`; the caller must handle its clicks
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

/** @returns {string} the mark for a citation of this source, to be put into the Markdown */
export function citationMark(number) {
  return markOf("c", number);
}

/**
 * @param {import("./turn.js").Part[]} parts of one answer
 * @returns {Array<{id: string, name: string}>} the files that it links to, each once
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
 * @returns {string} replacement for the Markdown: a link, or only the address if the model wrote
 *   the link itself; in code the path unchanged
 */
export function fileMark({ text, file_path: file }, before) {
  if (!file || before === "`") return text;
  const name = nameOfPath(text);
  const address = FILE_ADDRESS + [file.file_id, name].map(encoded).join("/");
  if (before === "(" || before === "<") return address;
  // Not escaped with backslashes: before parentheses they would begin a formula.
  const label = name.replace(/[!-/:-@[-`{-~]/g, (found) => `&#${found.charCodeAt(0)};`);
  return `[${label}](${address})`;
}

/**
 * @param {string} text a model's text
 * @returns {string} the same without characters that could form a mark
 */
export function withoutMarks(text) {
  return text.replaceAll(MARK_BEGINS, "").replaceAll(MARK_ENDS, "");
}

/** @returns {string} the class of a code block in this language; "" if that is no valid class */
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

/** The last part of a path such as `sandbox:/mnt/data/report.csv`, which may be percent-encoded. */
function nameOfPath(path) {
  const name = path.slice(path.lastIndexOf("/") + 1) || path;
  try {
    return decodeURIComponent(name);
  } catch {
    // It has a `%` of its own.
    return name;
  }
}

/** Encode for an address in Markdown, which parentheses would end. */
function encoded(text) {
  return encodeURIComponent(text).replace(/[()]/g, (found) => (found === "(" ? "%28" : "%29"));
}

function escaped(text) {
  return String(text).replace(/[<>&"]/g, (found) => ENTITIES[found]);
}
