/** The right answers that were written into an assistant's knowledge. */

import { confirm } from "../../../shell/dialogs.js";
import { el, languageOf } from "../../../shell/dom.js";
import { iconButton, say } from "../../../shell/speech.js";
import { openAnswer } from "../../pieces/answer_dialog.js";
import { attempt } from "../../pieces/attempt.js";
import { PagedList } from "../../pieces/paged_list.js";
import { showNothing } from "../../pieces/states.js";
import { actionButton } from "../../pieces/view_head.js";

const PAGE = 25;

/**
 * @param {import("../../context.js").Context} context
 * @param {string} assistantId
 * @param {boolean} mayChange
 * @returns {HTMLElement}
 */
export function answersOf(context, assistantId, mayChange) {
  const { client, notices } = context;
  const path = `assistants/${encodeURIComponent(assistantId)}/answers`;
  const title = say(el("h2", { tabIndex: -1 }), "rightAnswers");
  const reload = async () => {
    await list.reload();
    // What was pressed may be gone.
    if (document.activeElement === document.body) title.focus();
  };
  const write = (answer = null) => {
    openAnswer(context, { assistantId, chosen: true, answer, onSaved: reload });
  };
  const remove = async (answer) => {
    const question = { title: "deleteAnswerTitle", text: "deleteAnswerText", yes: "delete" };
    if (!(await confirm({ ...question, values: { question: answer.question } }))) return;
    if (!(await attempt(client.delete(`${path}/${answer.id}`)))) return;
    notices.announce("answerDeleted");
    await reload();
  };
  const add = mayChange ? actionButton("secondary", "writeAnswer", () => write()) : null;
  const list = new PagedList({
    label: "rightAnswers",
    load: (after) => client.get(path, { query: { limit: PAGE, after } }),
    row: (answer) => row(answer, mayChange ? { write, remove } : null),
    showEmpty: (place) => {
      showNothing(place, { symbol: "answer", title: "noAnswers", text: "noAnswersText" });
    },
  });
  list.reload();
  return el(
    "section",
    { className: "answers" },
    el("div", { className: "answers-head" }, title, add),
    say(el("p", { className: "muted" }), "rightAnswersText"),
    list.element,
  );
}

/**
 * @param {Record<string, any>} answer
 * @param {{write: (answer: any) => void, remove: (answer: any) => void}|null} changes
 */
function row(answer, changes) {
  const { question, answer: text, status } = answer;
  const values = { question };
  const state = status === "completed" ? null : say(
    el("span", { className: status === "in_progress" ? "chip" : "chip chip-danger" }),
    status === "in_progress" ? "documentReading" : "documentFailed",
  );
  const shown = text === null
    ? say(el("p", { className: "document-reason" }), "answerLost")
    : el("p", { className: "answer-text", dir: "auto", lang: languageOf(text) }, text);
  return el(
    "div",
    { className: "answer" },
    el(
      "div",
      { className: "answer-words" },
      el("p", { className: "answer-question", dir: "auto", lang: languageOf(question) }, question),
      shown,
      state,
    ),
    changes && el(
      "div",
      { className: "document-actions" },
      iconButton("edit", "changeAnswerOf", { onclick: () => changes.write(answer) }, values),
      iconButton("trash", "deleteAnswer", { onclick: () => changes.remove(answer) }, values),
    ),
  );
}
