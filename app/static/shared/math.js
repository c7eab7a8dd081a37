/**
 * LaTeX in a model's Markdown: `$$…$$` and `\[…\]` on separate lines or within text, `\(…\)`, and
 * `$…$` unless it may be an amount of money.
 *
 * KaTeX is loaded when the first formula is shown. Its output is MathML, which browsers draw and
 * screen readers read without KaTeX's fonts and style attributes, which the page's
 * Content-Security-Policy would refuse.
 */

import { work } from "./work.js";

/** Longer formulas are shown as LaTeX source. */
const LONGEST = 4000;
/** Number of formulas cached, because a growing answer is drawn many times. */
const MOST_KEPT = 500;
const OPTIONS = { output: "mathml", trust: false, strict: "ignore", maxSize: 20, maxExpand: 200 };

// No blank line in a formula: a lone delimiter must not swallow the rest of an answer.
const BODY = String.raw`((?:(?!\n[ \t]*\n)[^])+?)`;
const BLOCK = new RegExp(
  String.raw`^ {0,3}(?:\$\$${BODY}\$\$|\\\[${BODY}\\\])[ \t]*(?:\n|$)`,
);
const BLOCK_BEGINS = /(?:^|\n) {0,3}(?:\$\$|\\\[)/;
const BLOCK_OPEN = /^ {0,3}(?:\$\$|\\\[)(?:(?!\n[ \t]*\n|\$\$|\\\])[^])*$/;
/** @type {Array<[RegExp, boolean]>} true for display formulas */
const INLINE = [
  [new RegExp(String.raw`^\$\$${BODY}\$\$`), true],
  [new RegExp(String.raw`^\\\[${BODY}\\\]`), true],
  [new RegExp(String.raw`^\\\(${BODY}\\\)`), false],
  // No space just inside the dollar signs, and no digit after them, to exclude "$5 and $10".
  [/^\$(?![\s$])((?:\\[^]|[^$\\\n])*?[^\s$\\]|(?:\\[^]|[^$\\\n])*?\\[^\s])\$(?![\d$])/, false],
];
const INLINE_BEGINS = /(?<![\w\\$])\$|(?<!\\)\\[([]/;
/** Text between two dollar signs that is no formula, such as "5 apples cost 3 US". */
const MONEY = /^[\d.,]+(?:\s|\/|[A-Za-z]{2}|[\u1100-\uffdc]|[-–~]$|$)/;
const CLEARLY_MATH = /[\\^_={}]/;

/**
 * @param {() => boolean} isGrowing whether more text may follow
 * @param {(token: import("../vendor/marked.js").Token) => string} show renders a formula's token
 * @returns {object[]} extensions for `Marked` that find formulas
 */
export function mathExtensions(isGrowing, show) {
  const renderer = (token) => show(token);
  return [
    {
      name: "mathBlock",
      level: "block",
      start: (text) => {
        const found = BLOCK_BEGINS.exec(text);
        return found ? found.index + (found[0].startsWith("\n") ? 1 : 0) : undefined;
      },
      tokenizer(text) {
        const found = BLOCK.exec(text);
        if (found) return formula("mathBlock", found[0], found[1] ?? found[2], true);
        const open = isGrowing() && BLOCK_OPEN.exec(text);
        return open ? { type: "mathBlock", raw: open[0], written: open[0] } : undefined;
      },
      renderer,
    },
    {
      name: "math",
      level: "inline",
      start: (text) => {
        const found = INLINE_BEGINS.exec(text);
        return found ? found.index : undefined;
      },
      tokenizer(text) {
        if (text[0] !== "$" && text[0] !== "\\") return undefined;
        for (const [pattern, display] of INLINE) {
          const found = pattern.exec(text);
          if (!found) continue;
          const isDollar = text[0] === "$" && !display;
          if (isDollar && MONEY.test(found[1]) && !CLEARLY_MATH.test(found[1])) continue;
          return formula("math", found[0], found[1], display);
        }
        return undefined;
      },
      renderer,
    },
  ];
}

function formula(type, raw, tex, display) {
  return { type, raw, written: raw.trim(), tex: tex.trim(), display };
}

const kept = new Map();
/** @type {Promise<typeof import("../vendor/katex.js")|null>|null} */
let loading = null;

/**
 * @param {{written: string, tex: string, display: boolean}} token from the extensions
 * @param {(text: string) => DocumentFragment} purify KaTeX's MathML into safe nodes
 * @returns {HTMLElement} shows the source until the formula is drawn, or if it can't be drawn
 */
export function formulaElement({ written, tex, display = false }, purify) {
  const element = document.createElement("span");
  element.className = display ? "math math-display" : "math";
  element.dir = "ltr";
  element.textContent = written;
  if (!tex || tex.length > LONGEST) return element;
  if (display) element.tabIndex = 0;
  const key = `${display}${tex}`;
  if (kept.has(key)) {
    fill(element, kept.get(key));
    return element;
  }
  loading ??= import("../vendor/katex.js").catch(() => {
    // KaTeX could not be loaded: formulas stay as source, and the next formula tries again.
    loading = null;
    return null;
  });
  loading.then((katex) => {
    if (!katex) return;
    work(() => {
      if (!kept.has(key)) keep(key, drawn(katex.default, tex, display, purify));
      fill(element, kept.get(key));
      return false;
    });
  });
  return element;
}

/** Return the formula's nodes; null if KaTeX refuses it. */
function drawn(katex, tex, display, purify) {
  try {
    return purify(katex.renderToString(tex, { ...OPTIONS, displayMode: display }));
  } catch {
    return null;
  }
}

function keep(key, nodes) {
  if (kept.size >= MOST_KEPT) kept.delete(kept.keys().next().value);
  kept.set(key, nodes);
}

function fill(element, nodes) {
  if (nodes) element.replaceChildren(nodes.cloneNode(true));
  else element.classList.add("math-failed");
}
