/**
 * LaTeX in a model's Markdown: `$$…$$` and `\[…\]` on lines of their own or in a text, `\(…\)`,
 * and `$…$` where it can't be an amount of money.
 *
 * KaTeX is loaded when the first formula is shown. Its output is MathML: browsers draw that
 * themselves, and screen readers read it, without KaTeX's fonts and style attributes, which the
 * page's Content-Security-Policy would refuse.
 */

import { work } from "./work.js";

/** Longer ones are shown as they were written. */
const LONGEST = 4000;
/** So many formulas are kept, as a growing answer is drawn again and again. */
const MOST_KEPT = 500;
const OPTIONS = { output: "mathml", trust: false, strict: "ignore", maxSize: 20, maxExpand: 200 };

// No blank line in a formula: a lone delimiter must not swallow the rest of an answer.
const BODY = String.raw`((?:(?!\n[ \t]*\n)[^])+?)`;
const BLOCK = new RegExp(
  String.raw`^ {0,3}(?:\$\$${BODY}\$\$|\\\[${BODY}\\\])[ \t]*(?:\n|$)`,
);
const BLOCK_BEGINS = /(?:^|\n) {0,3}(?:\$\$|\\\[)/;
const BLOCK_OPEN = /^ {0,3}(?:\$\$|\\\[)(?:(?!\n[ \t]*\n|\$\$|\\\])[^])*$/;
/** @type {Array<[RegExp, boolean]>} whether it is set on lines of its own */
const INLINE = [
  [new RegExp(String.raw`^\$\$${BODY}\$\$`), true],
  [new RegExp(String.raw`^\\\[${BODY}\\\]`), true],
  [new RegExp(String.raw`^\\\(${BODY}\\\)`), false],
  // Nothing but the formula touches the signs from within, and no digit follows: "$5 and $10".
  [/^\$(?![\s$])((?:\\[^]|[^$\\\n])*?[^\s$\\]|(?:\\[^]|[^$\\\n])*?\\[^\s])\$(?![\d$])/, false],
];
const INLINE_BEGINS = /(?<![\w\\$])\$|(?<!\\)\\[([]/;
/** "5 apples cost 3 US" between two dollar signs is no formula. */
const MONEY = /^[\d.,]+(?:\s|\/|[A-Za-z]{2}|[\u1100-\uffdc]|[-–~]$|$)/;
const CLEARLY_MATH = /[\\^_={}]/;

/**
 * @param {() => boolean} isGrowing whether more text may follow
 * @param {(token: import("../vendor/marked.js").Token) => string} show what stands for a formula
 * @returns {object[]} the extensions of `Marked` that find formulas
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
 * @param {{written: string, tex: string, display: boolean}} token as the extensions make it
 * @param {(text: string) => DocumentFragment} purify KaTeX's MathML into safe nodes
 * @returns {HTMLElement} shows the source until the formula is drawn, and where it can't be
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
    // It is not there: formulas stay as they were written, and the next one tries again.
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

/** Return the formula's nodes; null for what is no LaTeX, or too much of it. */
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
