/** What is shown of who waits. */

import { el, languageOf } from "../../../shell/dom.js";
import { say } from "../../../shell/speech.js";

/**
 * @param {Record<string, any>} handover with `visitor`, if its site vouches for it, and `contact`
 * @returns {string} what the visitor is called; empty if nothing is known
 */
export function nameOf({ visitor, contact }) {
  return visitor?.name || visitor?.email || contact || visitor?.id || "";
}

/**
 * @param {Record<string, any>} handover
 * @returns {HTMLElement|null} how the visitor can be reached
 */
export function addressOf({ visitor, contact }) {
  const address = contact || visitor?.email;
  if (!address) return null;
  const isMail = /^[^\s@<>]+@[^\s@<>]+\.[^\s@<>]+$/.test(address);
  // What a visitor entered may contain `?` and `&`, by which a link has a subject and a text.
  const href = `mailto:${encodeURIComponent(address).replace("%40", "@")}`;
  const shown = isMail ? el("a", { href }, address) : el("span", {}, address);
  return el("span", { className: "handover-address" }, say(el("span"), "visitorAddress"), " ", shown);
}

/**
 * @param {string|null} note
 * @returns {HTMLElement|null}
 */
export function noteOf(note) {
  if (!note) return null;
  return el("p", { className: "handover-note", dir: "auto", lang: languageOf(note) }, note);
}
