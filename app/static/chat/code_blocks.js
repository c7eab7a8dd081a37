/** Adapts code blocks, tables, links and headings of an answer to the page. */

import { pressed } from "../shared/pressing.js";
import { copy } from "../shell/clipboard.js";
import { el } from "../shell/dom.js";
import { label, say } from "../shell/speech.js";

/** Level of the heading above each answer, the assistant's name. */
const ANSWER_LEVEL = 2;

/**
 * @param {DocumentFragment} fragment changed in place
 * @returns {DocumentFragment} the same
 */
export function withFrames(fragment) {
  for (const block of fragment.querySelectorAll("pre")) {
    const code = block.querySelector("code");
    const language = code?.className.replace("language-", "") ?? "";
    block.tabIndex = 0;
    const place = document.createTextNode("");
    block.replaceWith(place);
    place.replaceWith(codeFrame(block, language));
  }
  for (const table of fragment.querySelectorAll("table")) {
    const frame = el("div", { className: "table-frame", tabIndex: 0 });
    table.replaceWith(frame);
    frame.append(table);
  }
  for (const link of fragment.querySelectorAll("a[href]")) {
    // The link's text already shows its address, so print.css doesn't add it.
    if (link.getAttribute("href")?.includes(link.textContent ?? "")) link.classList.add("address");
  }
  return fragment;
}

/**
 * @param {HTMLElement} block a `pre`
 * @param {string} language of its code; may be empty
 * @returns {HTMLElement} the block below a line with its language and a button to copy it
 */
export function codeFrame(block, language) {
  const button = label(el("button", { type: "button", className: "copy-code" }), "copyCode");
  const top = el("div", { className: "code-top" }, el("span", {}, language), say(button, "copy"));
  return el("div", { className: "code-block" }, top, block);
}

/**
 * Renumber headings without gaps, below the answer's own: models start at any level.
 *
 * @param {DocumentFragment} fragment changed in place
 * @param {number[]} above original levels of the enclosing headings; updated in place
 * @returns {DocumentFragment} the same
 */
export function withHeadings(fragment, above) {
  for (const heading of fragment.querySelectorAll("h1, h2, h3, h4, h5, h6")) {
    const level = Number(heading.localName[1]);
    while ((above.at(-1) ?? 0) >= level) above.pop();
    above.push(level);
    const depth = Math.min(ANSWER_LEVEL + above.length, 6);
    const next = el(/** @type {"h6"} */ (`h${depth}`));
    next.append(...heading.childNodes);
    heading.replaceWith(next);
  }
  return fragment;
}

/** Make the copy buttons within `element` work, including those of later blocks. */
export function copyOnPress(element) {
  element.addEventListener("click", (event) => {
    const block = pressed(event, ".copy-code")?.closest(".code-block");
    if (block) copy(block.querySelector("pre")?.textContent ?? "");
  });
}
