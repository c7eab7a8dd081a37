/** Questions without a good answer, most frequent first. */

import { el, languageOf } from "../../../shell/dom.js";
import { say } from "../../../shell/speech.js";
import { openAnswer } from "../../pieces/answer_dialog.js";
import { chip } from "../../pieces/facts.js";
import { showNothing } from "../../pieces/states.js";
import { actionButton } from "../../pieces/view_head.js";

/**
 * @param {HTMLElement} place
 * @param {Record<string, any>} list
 * @param {import("../../context.js").Context} context
 */
export function showQuestions(place, { data }, context) {
  if (!data.length) {
    showNothing(place, { title: "noQuestions", text: "noQuestionsText" });
    return;
  }
  const rows = data.map((one) => el("li", {}, question(one, context)));
  place.replaceChildren(el("ul", { className: "rows" }, ...rows));
}

function question(one, context) {
  const links = one.examples.map(({ thread_id: id }, place) => {
    return say(el("a", { href: `#/conversations/${id}` }), "seeConversation", { number: place + 1 });
  });
  const write = context.mayWrite ? actionButton("secondary", "writeAnswer", () => {
    openAnswer(context, {
      assistantId: one.examples[0].assistant_id,
      question: one.question,
      onSaved: () => write?.replaceWith(chip("chip-accent", "answered")),
    });
  }) : null;
  return el(
    "div",
    { className: "conversation-row" },
    el("p", { className: "insight-question", dir: "auto", lang: languageOf(one.question) }, one.question),
    el(
      "div",
      { className: "conversation-facts" },
      chip("chip-accent", "countAsked", { count: one.count }),
      one.nothing_found ? chip("", "countNothing", { count: one.nothing_found }) : null,
      one.thumbs_down ? chip("", "countThumbsDown", { count: one.thumbs_down }) : null,
      ...links,
      write,
    ),
  );
}
