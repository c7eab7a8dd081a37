/** Questions without a good answer, most frequent first. */

import { el, languageOf } from "../../../shell/dom.js";
import { say } from "../../../shell/speech.js";
import { openAnswer } from "../../pieces/answer_dialog.js";
import { attempt } from "../../pieces/attempt.js";
import { chip } from "../../pieces/facts.js";
import { showNothing } from "../../pieces/states.js";
import { actionButton } from "../../pieces/view_head.js";

/**
 * @param {HTMLElement} place
 * @param {Record<string, any>} list
 * @param {import("../../context.js").Context} context
 * @param {() => Promise<Record<string, any>>} reload gets the list again
 */
export function showQuestions(place, { data }, context, reload) {
  if (!data.length) {
    showNothing(place, { title: "noQuestions", text: "noQuestionsText" });
    return;
  }
  const rows = data.map((one, number) => {
    return el("li", {}, question(one, context, async () => {
      const list = await attempt(reload());
      if (!list || !place.isConnected) return;
      showQuestions(place, list, context, reload);
      // What was pressed is gone.
      place.querySelectorAll("li")[number]?.querySelector("button")?.focus();
    }));
  });
  place.replaceChildren(el("ul", { className: "rows" }, ...rows));
}

/**
 * @param {Record<string, any>} one
 * @param {import("../../context.js").Context} context
 * @param {() => void} onSaved called after its right answer was written or changed
 */
function question(one, context, onSaved) {
  const links = one.examples.map(({ thread_id: id }, place) => {
    return say(el("a", { href: `#/conversations/${id}` }), "seeConversation", { number: place + 1 });
  });
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
      ...answerOf(one.answer),
      context.mayWrite ? answerButton(one, context, onSaved) : null,
    ),
  );
}

/** @param {Record<string, any>|null} answer */
function answerOf(answer) {
  if (!answer) return [];
  const { asked_since: count } = answer;
  return [
    chip("chip-accent", "answered"),
    count ? chip("chip-danger", "askedSince", { count }) : null,
  ];
}

/**
 * @param {Record<string, any>} one
 * @param {import("../../context.js").Context} context
 * @param {() => void} onSaved
 */
function answerButton(one, context, onSaved) {
  const { examples, answer } = one;
  if (!answer) {
    return actionButton("secondary", "writeAnswer", () => {
      const assistantId = examples[0].assistant_id;
      openAnswer(context, { assistantId, question: one.question, onSaved });
    });
  }
  const { assistant_id: assistantId, id } = answer;
  return actionButton("secondary", "changeAnswer", async () => {
    const path = `assistants/${encodeURIComponent(assistantId)}/answers/${id}`;
    const written = await attempt(context.client.get(path));
    if (!written) return;
    openAnswer(context, { assistantId, chosen: true, answer: written, onSaved });
  });
}
