/** What a view shows instead of its content: loading, nothing there, a failure. */

import { errorText } from "../../shared/language.js";
import { el } from "../../shell/dom.js";
import { icon } from "../../shell/icons.js";
import { say } from "../../shell/speech.js";

/**
 * @param {Element} container its content is replaced
 * @returns {HTMLElement}
 */
export function showLoading(container) {
  const shown = el("p", { className: "state-loading", role: "status" });
  shown.append(el("span", { className: "spinner" }), say(el("span"), "loading"));
  container.replaceChildren(shown);
  return shown;
}

/**
 * @param {Element} container its content is replaced
 * @param {{symbol?: string, title: string, text?: string, action?: HTMLElement|null,
 *   values?: import("../../shared/language.js").Values}} shown names of the icon and the texts;
 *   `action`: such as a button that makes the first object
 */
export function showNothing(container, { symbol = "empty", title, text, action, values }) {
  container.replaceChildren(
    el(
      "div",
      { className: "state-nothing" },
      el("div", { className: "mark" }, icon(symbol)),
      say(el("h2"), title, values),
      text ? say(el("p", { className: "muted" }), text, values) : null,
      action,
    ),
  );
}

/**
 * @param {Element} container its content is replaced
 * @param {import("../../shared/client.js").ApiError} error
 * @param {(() => void)|null} retry
 */
export function showFailure(container, error, retry) {
  const text = say(el("p", { className: "muted" }), "notFound");
  if (error.status !== 404) {
    const { name, values } = errorText(error);
    say(text, name, values);
  }
  const shown = el("div", { className: "state-nothing", role: "alert" });
  shown.append(el("div", { className: "mark" }, icon("warning")));
  shown.append(say(el("h2"), "loadFailed"), text);
  if (retry && error.status !== 404) {
    const button = el("button", { type: "button", className: "secondary", onclick: retry });
    shown.append(say(button, "retry"));
  }
  container.replaceChildren(shown);
}
