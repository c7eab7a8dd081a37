/**
 * A page's texts. Each element stores the name of its text, so the language can change in place.
 * A page adds its own texts with `useTexts(pageTexts)` before it shows anything.
 */

import { browserLanguage, sharedTexts, translator } from "../shared/language.js";
import { browserStorage } from "../shared/storage.js";
import { el } from "./dom.js";
import { icon } from "./icons.js";
import { shellTexts } from "./texts.js";

/**
 * @typedef {import("../shared/language.js").Language} Language
 * @typedef {import("../shared/language.js").Values} Values
 */

// early.js reads it under this name.
const KEPT = "threadkeeper.language";

/** @type {Language} */
let language = browserStorage.get(KEPT) ?? browserLanguage();
/** @type {import("../shared/language.js").Texts} */
let texts = { en: {}, ko: {} };
let translate = translator(texts, language);
/** @type {Array<() => void>} */
const listeners = [];

/**
 * Add a page's texts to the shell's, and write them into the page.
 *
 * @param {import("../shared/language.js").Texts} own
 */
export function useTexts(own) {
  texts = {
    en: { ...sharedTexts.en, ...shellTexts.en, ...own.en },
    ko: { ...sharedTexts.ko, ...shellTexts.ko, ...own.ko },
  };
  translate = translator(texts, language);
  applyTexts();
}

/** @returns {Language} */
export function currentLanguage() {
  return language;
}

/**
 * @param {string} name
 * @param {Values} [values]
 * @returns {string} the text of this name in the current language
 */
export function words(name, values) {
  return translate(name, values);
}

/** @param {Language} chosen stored in this browser */
export function speak(chosen) {
  language = chosen;
  translate = translator(texts, chosen);
  browserStorage.set(KEPT, chosen);
  applyTexts();
  for (const listener of listeners) listener();
}

/** @param {() => void} listener called after each change of the language */
export function onLanguage(listener) {
  listeners.push(listener);
}

function applyTexts() {
  document.documentElement.lang = language;
  for (const node of elements("[data-text]")) {
    node.textContent = words(node.dataset.text ?? "", valuesOf(node));
  }
  for (const node of elements("[data-label]")) putLabel(node);
  for (const node of elements("[data-placeholder]")) {
    node.setAttribute("placeholder", words(node.dataset.placeholder ?? ""));
  }
}

/**
 * @template {HTMLElement} E
 * @param {E} node shows this text, in whichever language is current
 * @param {string} name
 * @param {Values} [values]
 * @returns {E}
 */
export function say(node, name, values) {
  node.dataset.text = name;
  if (values) node.dataset.values = JSON.stringify(values);
  node.textContent = words(name, values);
  return node;
}

/**
 * @template {HTMLElement} E
 * @param {E} node gets this text as its accessible name; a button also as its tooltip
 * @param {string} name
 * @param {Values} [values]
 * @returns {E}
 */
export function label(node, name, values) {
  node.dataset.label = name;
  if (values) node.dataset.values = JSON.stringify(values);
  putLabel(node);
  return node;
}

/**
 * @param {string} symbol name of the icon
 * @param {string} name of the label's text
 * @param {Record<string, any>} properties of the button
 * @param {Values} [values]
 * @returns {HTMLButtonElement}
 */
export function iconButton(symbol, name, properties, values) {
  const button = el("button", { type: "button", className: "icon-button", ...properties });
  button.append(icon(symbol));
  return label(button, name, values);
}

/** @param {HTMLElement} node */
function putLabel(node) {
  const text = words(node.dataset.label ?? "", valuesOf(node));
  node.setAttribute("aria-label", text);
  if (node.tagName === "BUTTON") node.title = text;
}

/**
 * @param {HTMLElement} node
 * @returns {Values|undefined}
 */
function valuesOf(node) {
  return node.dataset.values ? JSON.parse(node.dataset.values) : undefined;
}

/**
 * @param {string} selector
 * @returns {NodeListOf<HTMLElement>}
 */
function elements(selector) {
  return document.querySelectorAll(selector);
}
