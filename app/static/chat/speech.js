/** The page's words: each element remembers its text's name, so the language can change at once. */

import { browserLanguage, sharedTexts, translator } from "../shared/language.js";
import { browserStorage } from "../shared/storage.js";
import { el, icon } from "./dom.js";
import { pageTexts } from "./texts.js";

const KEPT = "threadkeeper.language";
const TEXTS = {
  en: { ...sharedTexts.en, ...pageTexts.en },
  ko: { ...sharedTexts.ko, ...pageTexts.ko },
};

let language = browserStorage.get(KEPT) ?? browserLanguage();
let translate = translator(TEXTS, language);
const listeners = [];

/** @returns {"ko"|"en"} */
export function currentLanguage() {
  return language;
}

/** @returns {string} the text of this name in the current language */
export function words(name, values) {
  return translate(name, values);
}

/**
 * @param {"ko"|"en"} chosen kept for this browser
 */
export function speak(chosen) {
  language = chosen;
  translate = translator(TEXTS, chosen);
  browserStorage.set(KEPT, chosen);
  applyTexts();
  for (const listener of listeners) listener();
}

/** @param {function(): void} listener called after each change of the language */
export function onLanguage(listener) {
  listeners.push(listener);
}

/** Write every remembered text into the page. */
export function applyTexts() {
  document.documentElement.lang = language;
  for (const node of document.querySelectorAll("[data-text]")) {
    node.textContent = words(node.dataset.text, valuesOf(node));
  }
  for (const node of document.querySelectorAll("[data-label]")) putLabel(node);
  for (const node of document.querySelectorAll("[data-placeholder]")) {
    node.placeholder = words(node.dataset.placeholder);
  }
}

/**
 * @param {HTMLElement} node gets this text, in every language
 * @param {string} name
 * @param {object} [values]
 * @returns {HTMLElement}
 */
export function say(node, name, values) {
  node.dataset.text = name;
  if (values) node.dataset.values = JSON.stringify(values);
  node.textContent = words(name, values);
  return node;
}

/**
 * @param {HTMLElement} node is called this by screen readers, and under the pointer
 * @param {string} name
 * @param {object} [values]
 * @returns {HTMLElement}
 */
export function label(node, name, values) {
  node.dataset.label = name;
  if (values) node.dataset.values = JSON.stringify(values);
  putLabel(node);
  return node;
}

/**
 * @param {string} symbol
 * @param {string} name of its text
 * @param {object} properties of the button
 * @param {object} [values]
 * @returns {HTMLButtonElement}
 */
export function iconButton(symbol, name, properties, values) {
  const button = el("button", { type: "button", className: "icon-button", ...properties });
  button.append(icon(symbol));
  return label(button, name, values);
}

function putLabel(node) {
  const text = words(node.dataset.label, valuesOf(node));
  node.setAttribute("aria-label", text);
  if (node.tagName === "BUTTON") node.title = text;
}

function valuesOf(node) {
  return node.dataset.values ? JSON.parse(node.dataset.values) : undefined;
}
