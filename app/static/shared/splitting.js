/**
 * Where a growing Markdown text can be split, so that no part of it is rendered twice. Pure.
 *
 * A block is finished once the first line of the next one has arrived: Markdown is parsed line by
 * line, and later lines change no earlier block. Only a block longer than `LONG` is split itself:
 * lists between items, tables between rows, quotations at an empty line, paragraphs between words.
 */

/** @typedef {import("../vendor/marked.js").Token} Token */

/** Characters parsed together; a longer block is split. */
export const LONG = 2000;
/** Longer blocks that can't be split are shown as plain text. */
export const LONGEST = 12_000;

/** With more of these in one paragraph, parsing takes too long; no useful answer has so many. */
const MOST_SIGNS = 400;
const SIGNS = /[*_~]+/g;
const MOST_BRACKETS = 1500;
const BRACKETS = /[[\]<$`]|\\[([]/g;
/** Deeper lists and quotations are shown as plain text. */
const DEEPEST = 16;
const MARKERS = /^[ \t]*(?:(?:>|[-*+]|\d{1,9}[.)])[ \t]*)+/;
const ONE_MARKER = />|[-*+]|\d{1,9}[.)]/g;
const BLANK = /^[ \t]*$/;
/** Lines that are parsed separately: items, rows and headings. */
const ITS_OWN = /^[ \t]*(?:[-*+][ \t]|\d{1,9}[.)][ \t]|\||#{1,6}[ \t])/;

const FENCE = /^( {0,3})(`{3,}|~{3,})([^\n]*)(\n|$)/;
const FENCE_BELOW = /\n(?:`{3,}[^`\n]*|~{3,}[^\n]*)\n/;
const DETAILS = /^ {0,3}<\/?details\b/gim;
const CAN_FOLLOW = /\p{L}/u;
/** This many characters of a line are enough to know which block it starts. */
const ENOUGH = 200;
const EMPTY_QUOTE = /\n {0,3}>[ \t]*\n/g;
const QUOTED_FENCE = /^ {0,3}>[ >]*(?:`{3}|~{3})/gm;

/**
 * Find text that takes too long to render.
 *
 * @param {string} text
 * @returns {{from: number}|null} offset of its paragraph
 */
export function tooComplex(text) {
  let from = 0;
  let at = 0;
  let signs = 0;
  let brackets = 0;
  for (const line of text.split("\n")) {
    if (BLANK.test(line)) {
      from = at + line.length + 1;
      signs = 0;
      brackets = 0;
    } else {
      if (ITS_OWN.test(line)) signs = brackets = 0;
      signs += line.match(SIGNS)?.length ?? 0;
      brackets += line.match(BRACKETS)?.length ?? 0;
      const isMuch = signs > MOST_SIGNS || brackets > MOST_BRACKETS;
      if (isMuch || depthOf(line) > DEEPEST) return { from };
    }
    at += line.length + 1;
  }
  return null;
}

/**
 * @param {string} text in a paragraph
 * @param {number} least number of characters that belong to the paragraph in any case
 * @param {boolean} whole whether no more text follows
 * @returns {{length: number, closed: boolean}} number of characters that belong to the paragraph,
 *   and whether it ends there; a possible empty line after it is left until more text arrives
 */
export function plainEnd(text, least, whole) {
  const blank = /\n[ \t]*\n/g;
  blank.lastIndex = least;
  const found = blank.exec(text);
  if (found) return { length: found.index + found[0].length, closed: true };
  const held = whole ? null : /\n[ \t]{0,99}$/.exec(text);
  return { length: held ? held.index : text.length, closed: false };
}

/**
 * @param {string} text at the start of a block
 * @param {boolean} whole whether no more text follows
 * @returns {{indent: number, marker: string, language: string, length: number}|null} the line that
 *   opens a code block there
 */
export function openingFence(text, whole) {
  const found = FENCE.exec(text);
  if (!found || !(found[4] || whole)) return null;
  const [line, indent, marker, info] = found;
  if (marker[0] === "`" && info.includes("`")) return null;
  const [language] = info.trim().split(/\s/, 1);
  return { indent: indent.length, marker, language, length: line.length };
}

/** @returns {number} offset of a code block that opens below the first line; -1 if none does */
export function fenceBelow(text) {
  const found = FENCE_BELOW.exec(text);
  if (!found || openDetails(text.slice(0, found.index)) > 0) return -1;
  return found.index + 1;
}

/**
 * Count the blocks that later text can't change.
 *
 * @param {Token[]} tokens of `text`
 * @param {string} text
 * @param {boolean} [together] whether `<details>` and its content must stay together
 * @returns {number} number of finished tokens, from the first
 */
export function finishedTokens(tokens, text, together = true) {
  let finished = 0;
  let at = 0;
  let open = 0;
  for (const [place, token] of tokens.entries()) {
    // If the lexer changed the text, its lengths don't say where the next block begins.
    if (!text.startsWith(token.raw, at)) break;
    const lines = token.type === "table" ? 2 : 1;
    // An unclosed formula may turn out to be text that continues the paragraph before it.
    const isOpen = token.type === "mathBlock" && token.tex === undefined;
    const isNext = token.type !== "space" && !isOpen && hasLines(text, at, lines);
    if (isNext && !(together && open > 0)) finished = place;
    if (token.type === "html") open += openDetails(token.raw);
    at += token.raw.length;
  }
  return finished;
}

/**
 * Split a block.
 *
 * @param {Token} token
 * @param {string} text that begins with the block
 * @returns {{length: number, token: Token|null, kind: string}|null} `length`: finished characters;
 *   `token`: their token, null if they must be parsed again; `kind`: how the rest continues
 */
export function splitBlock(token, text) {
  if (token.type === "list" && token.items.length > 1) return splitList(token);
  if (token.type === "table" && token.rows.length > 1) return splitTable(token);
  if (token.type === "paragraph") return splitParagraph(text.slice(0, token.raw.length));
  if (token.type === "blockquote") return splitQuote(token.raw);
  return null;
}

function openDetails(text) {
  const tags = text.match(DETAILS) ?? [];
  return tags.reduce((open, tag) => open + (tag.includes("/") ? -1 : 1), 0);
}

function depthOf(line) {
  const markers = MARKERS.exec(line);
  if (!markers) return 0;
  const [spaces] = /^[ \t]*/.exec(line) ?? [""];
  const indent = spaces.replaceAll("\t", "    ").length;
  return (markers[0].match(ONE_MARKER)?.length ?? 0) + indent / 2;
}

/** Whether this many lines are complete, or the last one is long enough to know its block. */
function hasLines(text, from, lines) {
  let at = from;
  for (let line = 0; line < lines; line += 1) {
    const end = text.indexOf("\n", at);
    if (end < 0) return text.length - at > ENOUGH;
    at = end + 1;
  }
  return true;
}

function splitList(token) {
  const items = token.items.slice(0, -1);
  const last = token.items.at(-1);
  const length = token.raw.lastIndexOf(last.raw);
  return { length, token: { ...token, items, raw: token.raw.slice(0, length) }, kind: "list" };
}

function splitTable(token) {
  const end = token.raw.trimEnd();
  const length = end.lastIndexOf("\n") + 1;
  const rows = token.rows.slice(0, -1);
  return { length, token: { ...token, rows, raw: token.raw.slice(0, length) }, kind: "table" };
}

function splitQuote(raw) {
  const found = [...raw.matchAll(EMPTY_QUOTE)].at(-1);
  if (!found) return null;
  const length = found.index + found[0].length;
  const fences = raw.slice(0, length).match(QUOTED_FENCE)?.length ?? 0;
  return fences % 2 ? null : { length, token: null, kind: "quote" };
}

/** Split at the end of a line or between words, outside emphasis, code, links and formulas. */
function splitParagraph(text) {
  let best = 0;
  let any = 0;
  const open = { "*": 0, "`": 0, "[": 0, $: 0, _: 0, "~": 0, "(": 0 };
  for (let at = 0; at < text.length - 1; at += 1) {
    const sign = text[at];
    if (sign in open) open[sign] += 1;
    else if (sign === "]") open["["] -= 1;
    else if (sign === ")") open["("] -= 1;
    else if ((sign === "\n" || sign === " ") && CAN_FOLLOW.test(text[at + 1])) {
      any = at + 1;
      if (isClosed(open)) best = any;
    }
  }
  const length = best > text.length / 4 ? best : any;
  if (!length) return null;
  return { length, token: null, kind: text[length - 1] === "\n" ? "line" : "words" };
}

function isClosed(open) {
  const even = ["*", "`", "$", "_", "~"].every((sign) => open[sign] % 2 === 0);
  return even && open["["] <= 0 && open["("] <= 0;
}
