/** A question on trial: the passages that an assistant would find for it. */

import { ApiError } from "../../../shared/client.js";
import { el, languageOf } from "../../../shell/dom.js";
import { label, say } from "../../../shell/speech.js";
import { Field } from "../../pieces/form.js";
import { showFailure, showLoading, showNothing } from "../../pieces/states.js";

const LONGEST = 2000;

/**
 * @param {import("../../pieces/library.js").Library} library
 * @param {AbortSignal} closed
 * @returns {HTMLElement}
 */
export function trial(library, closed) {
  const control = el("input", { type: "search", maxLength: LONGEST, autocomplete: "off" });
  const field = new Field({ name: "query", label: "question", control });
  const submit = say(el("button", { type: "submit", className: "secondary" }), "findPassages");
  const found = el("div", { className: "passages-found" });
  found.setAttribute("aria-live", "polite");
  let current = new AbortController();
  const form = el("form", { className: "trial-form" }, field.element, submit);
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const question = control.value.trim();
    if (!question) return;
    current.abort();
    current = new AbortController();
    ask(library, question, found, AbortSignal.any([closed, current.signal]));
  });
  return el(
    "section",
    { className: "box knowledge-trial" },
    say(el("h2"), "tryKnowledge"),
    say(el("p", { className: "muted" }), "tryKnowledgeText"),
    form,
    found,
  );
}

/**
 * @param {import("../../pieces/library.js").Library} library
 * @param {string} question
 * @param {HTMLElement} place
 * @param {AbortSignal} signal
 */
async function ask(library, question, place, signal) {
  showLoading(place);
  try {
    const passages = await library.find(question, signal);
    if (signal.aborted) return;
    if (passages.length) showPassages(place, passages);
    else showNothing(place, { symbol: "search", title: "noPassages", text: "noPassagesText" });
  } catch (error) {
    if (signal.aborted) return;
    if (!(error instanceof ApiError)) throw error;
    showFailure(place, error, () => ask(library, question, place, signal));
  }
}

/**
 * @param {HTMLElement} place
 * @param {import("../../pieces/library.js").Passage[]} passages
 */
function showPassages(place, passages) {
  const list = label(el("ol", { className: "passages" }), "passages");
  for (const { name, score, text } of passages) {
    list.append(
      el(
        "li",
        { className: "box" },
        el(
          "div",
          { className: "passage-head" },
          el("b", { lang: languageOf(name) }, name),
          say(el("span", { className: "muted" }), "passageScore", { score: score.toFixed(2) }),
        ),
        el("p", { lang: languageOf(text) }, text),
      ),
    );
  }
  place.replaceChildren(list);
}
