/**
 * A model's Markdown as nodes that can do no harm.
 *
 * Whatever a model writes, the result holds no script, event handler, style, form or frame, and
 * loads nothing: links open elsewhere, and images are links. Three things see to it, each for
 * itself: raw HTML stays text (but for a few tags without attributes), DOMPurify lets through what
 * is listed here alone, and the page's Content-Security-Policy forbids the rest.
 */

import { Marked } from "../vendor/marked.js";
import createPurifier from "../vendor/purify.js";

const PLAIN_TAGS = "b|br|del|details|em|hr|i|ins|kbd|mark|p|s|small|strong|sub|summary|sup|u";
const PLAIN_TAG_OR_SPECIAL = new RegExp(`</?(?:${PLAIN_TAGS})\\s*/?>|[<>&"]`, "gi");
const ENTITIES = { "<": "&lt;", ">": "&gt;", "&": "&amp;", '"': "&quot;" };

// Characters of private use, which no model means: they mark where a citation's button goes.
const MARK_BEGINS = "\uE000";
const MARK_ENDS = "\uE001";
const MARK = /\uE000(\d+)\uE001/;

const PURIFY = {
  RETURN_DOM_FRAGMENT: true,
  ALLOWED_TAGS: [
    ...PLAIN_TAGS.split("|"),
    ..."a blockquote code h1 h2 h3 h4 h5 h6 li ol pre table tbody td th thead tr ul".split(" "),
  ],
  ALLOWED_ATTR: ["align", "class", "href", "start", "title"],
  ALLOW_ARIA_ATTR: false,
  ALLOW_DATA_ATTR: false,
  ALLOWED_URI_REGEXP: /^(?:https?:\/\/|mailto:)/i,
  // These hold no address, so that rule is not for them.
  ADD_URI_SAFE_ATTR: ["align", "start"],
};

const marked = new Marked({
  gfm: true,
  breaks: true,
  renderer: {
    html: ({ text }) => text.replace(PLAIN_TAG_OR_SPECIAL, (found) => ENTITIES[found] ?? found),
    image: ({ href, text }) => `<a href="${escaped(href)}">${escaped(text || href)}</a>`,
    checkbox: ({ checked }) => (checked ? "☑ " : "☐ "),
  },
});

const purifier = createPurifier(window);
purifier.addHook("afterSanitizeAttributes", (node) => {
  if (node.nodeName === "A" && node.hasAttribute("href")) {
    node.setAttribute("target", "_blank");
    node.setAttribute("rel", "noopener noreferrer nofollow");
  }
  // Of classes only the language of a code block is wanted.
  if (node.hasAttribute("class") && !/^language-[\w+#.-]+$/.test(node.className)) {
    node.removeAttribute("class");
  }
});

/**
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
    if (annotation.type !== "file_citation" || sources.has(annotation.text)) continue;
    sources.set(annotation.text, {
      number: sources.size + 1,
      mark: annotation.text,
      name: nameIn(annotation.text),
      fileId: annotation.file_citation.file_id,
    });
  }
  return [...sources.values()];
}

/**
 * @param {import("./turn.js").Part} part
 * @param {Source[]} [sources] each cited mark becomes `<button class="citation"
 *   data-citation="number">`; clicks are for whoever shows it
 * @param {function(Source): string} [label] what the button is called for screen readers
 * @returns {DocumentFragment}
 */
export function renderMarkdown(part, sources = [], label = ({ name }) => name) {
  const html = marked.parse(withPlaces(part, sources));
  const fragment = purifier.sanitize(html, PURIFY);
  putButtons(fragment, sources, label);
  return fragment;
}

/**
 * Show `fragment` in `element`, but leave what is equal at the beginning as it stands: so text
 * that grows keeps its selection and its focus.
 *
 * @param {Element} element
 * @param {DocumentFragment} fragment
 */
export function showGrown(element, fragment) {
  const next = [...fragment.childNodes];
  const here = [...element.childNodes];
  let equal = 0;
  while (equal < here.length && equal < next.length && here[equal].isEqualNode(next[equal])) {
    equal += 1;
  }
  for (const node of here.slice(equal)) node.remove();
  element.append(...next.slice(equal));
}

/** Offsets count code points, as the API does. */
function withPlaces({ value, annotations }, sources) {
  const characters = [...value];
  let text = "";
  let at = 0;
  const cited = annotations.filter((one) => one.type === "file_citation");
  for (const one of cited.toSorted((a, b) => a.start_index - b.start_index)) {
    const source = sources.find(({ mark }) => mark === one.text);
    if (!source || one.start_index < at) continue;
    text += clean(characters.slice(at, one.start_index));
    text += MARK_BEGINS + source.number + MARK_ENDS;
    at = one.end_index;
  }
  return text + clean(characters.slice(at));
}

function clean(characters) {
  return characters.join("").replaceAll(MARK_BEGINS, "").replaceAll(MARK_ENDS, "");
}

function putButtons(fragment, sources, label) {
  const walker = document.createTreeWalker(fragment, NodeFilter.SHOW_TEXT);
  const texts = [];
  while (walker.nextNode()) texts.push(walker.currentNode);
  for (let text of texts) {
    for (let found = MARK.exec(text.data); found; found = MARK.exec(text.data)) {
      const source = sources[Number(found[1]) - 1];
      const rest = text.splitText(found.index);
      rest.data = rest.data.slice(found[0].length);
      rest.before(citationButton(source, label(source)));
      text = rest;
    }
  }
}

function citationButton(source, label) {
  const button = document.createElement("button");
  button.type = "button";
  button.className = "citation";
  button.dataset.citation = String(source.number);
  button.setAttribute("aria-label", label);
  button.title = source.name;
  button.textContent = String(source.number);
  return button;
}

function nameIn(mark) {
  return mark.slice(mark.indexOf("†") + 1, -1) || mark;
}

function escaped(text) {
  return String(text).replace(/[<>&"]/g, (found) => ENTITIES[found]);
}
