/** The dialog that writes the right answer into an assistant's knowledge. */

import { ApiError } from "../../../shared/client.js";
import { el } from "../../../shell/dom.js";
import { openDialog } from "../../pieces/dialog.js";
import { offerAssistants } from "../../pieces/facts.js";
import { Field, showError } from "../../pieces/form.js";
import { actionButton } from "../../pieces/view_head.js";

const MAX_QUESTION = 500;
const MAX_ANSWER = 10_000;

/**
 * @param {import("../../context.js").Context} context
 * @param {Record<string, any>} group of questions
 */
export async function openAnswer(context, group) {
  const assistant = el("select");
  const question = el("input", { value: group.question, maxLength: MAX_QUESTION, dir: "auto" });
  const answer = el("textarea", { rows: 5, maxLength: MAX_ANSWER, dir: "auto" });
  const fields = [
    new Field({ name: "assistant_id", label: "answerAssistant", control: assistant }),
    new Field({ name: "question", label: "answerQuestion", control: question }),
    new Field({ name: "answer", label: "answerText", control: answer, hint: "answerHint" }),
  ];
  const save = actionButton("primary", "save", async () => {
    save.disabled = true;
    try {
      const body = { question: question.value, answer: answer.value };
      await context.client.post(`assistants/${assistant.value}/answers`, body);
      context.notices.announce("answerSaved");
      dialog.close();
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      showError(fields, error);
    } finally {
      save.disabled = false;
    }
  });
  const content = fields.map(({ element }) => element);
  const dialog = openDialog({ title: "writeAnswer", content, actions: [save] });
  await offerAssistants(context, assistant);
  assistant.value = group.examples[0].assistant_id;
}
