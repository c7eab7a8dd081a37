/** The start screen of an empty conversation: a greeting, a description, suggested questions. */

import { startScreen } from "../shared/language.js";
import { byId, el } from "../shell/dom.js";
import { icon } from "../shell/icons.js";
import { currentLanguage, say } from "../shell/speech.js";

/**
 * @param {import("../shared/api.d.ts").Assistant|undefined} assistant
 * @param {(question: string) => void} onSuggestion
 */
export function showStart(assistant, onSuggestion) {
  const { greeting, suggestions, isClosed } = startScreen(assistant, currentLanguage());
  const title = el("h2", { className: "greeting" });
  if (greeting) title.textContent = greeting;
  else say(title, isClosed ? "closedGreeting" : "greeting");
  const section = byId("start");
  section.replaceChildren(el("div", { className: "mark" }, icon("logo")), title);
  if (assistant?.description) {
    section.append(el("p", { className: "muted" }, assistant.description));
  }
  if (suggestions.length) {
    const list = el("ul", { className: "suggestions" });
    for (const question of suggestions) {
      const button = el("button", { type: "button", onclick: () => onSuggestion(question) });
      button.append(el("span", {}, question), icon("chevron"));
      list.append(el("li", {}, button));
    }
    section.append(say(el("h3", { className: "for-readers" }), "suggestions"), list);
  }
  section.hidden = false;
}

export function hideStart() {
  byId("start").hidden = true;
}
