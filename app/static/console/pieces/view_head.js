/** The head of a view: a link back, its heading, a line about it, its actions. */

import { el } from "../../shell/dom.js";
import { icon } from "../../shell/icons.js";
import { say, words } from "../../shell/speech.js";

/**
 * @typedef {object} HeadOptions
 * @property {string} [title] name of the heading's text
 * @property {string} [own] the heading as it is, such as an object's name
 * @property {string} [text] name of the text below it
 * @property {{href: string, name: string}} [back] a link to the list, and the name of its text
 * @property {(Node|null)[]} [actions] buttons
 */

/**
 * @param {import("../context.js").Context} context gets the page's title
 * @param {HeadOptions} options
 * @returns {HTMLElement}
 */
export function viewHead(context, { title, own, text, back, actions = [] }) {
  const heading = el("h1", { tabIndex: -1 });
  if (own === undefined) say(heading, title ?? "");
  else heading.textContent = own;
  context.title(own ?? words(title ?? ""));
  const top = back
    ? el("a", { className: "back", href: back.href }, icon("back"), say(el("span"), back.name))
    : null;
  return el(
    "div",
    { className: "view-head" },
    top,
    el(
      "div",
      { className: "view-title" },
      heading,
      el("div", { className: "view-actions" }, ...actions.filter(Boolean)),
    ),
    text ? say(el("p", { className: "muted" }), text) : null,
  );
}

/**
 * @param {string} kind class of the button: primary, secondary or danger
 * @param {string} name of its text
 * @param {() => void} onclick
 * @param {string} [symbol] name of its icon
 * @returns {HTMLButtonElement}
 */
export function actionButton(kind, name, onclick, symbol) {
  const button = el("button", { type: "button", className: kind, onclick });
  if (symbol) button.append(icon(symbol));
  button.append(say(el("span"), name));
  return button;
}
