/** The dialog that writes a right answer into an assistant's knowledge, or changes one. */

import { ApiError } from "../../shared/client.js";
import { el } from "../../shell/dom.js";
import { openDialog } from "./dialog.js";
import { offerAssistants } from "./facts.js";
import { Field, showError } from "./form.js";
import { actionButton } from "./view_head.js";

const MAX_QUESTION = 500;
const MAX_ANSWER = 10_000;

/**
 * @param {import("../context.js").Context} context
 * @param {object} given
 * @param {string} given.assistantId
 * @param {boolean} [given.chosen] whether it must be this assistant; else the reader may choose
 * @param {string} [given.question]
 * @param {Record<string, any>|null} [given.answer] one that is changed
 * @param {(answer: Record<string, any>) => void} [given.onSaved]
 */
export async function openAnswer(context, { assistantId, chosen, question, answer, onSaved }) {
  const assistant = el("select");
  const asked = el("input", { maxLength: MAX_QUESTION, dir: "auto" });
  asked.value = answer?.question ?? question ?? "";
  const text = el("textarea", { rows: 5, maxLength: MAX_ANSWER, dir: "auto" });
  text.value = answer?.answer ?? "";
  const fields = [
    new Field({ name: "question", label: "answerQuestion", control: asked }),
    new Field({ name: "answer", label: "answerText", control: text, hint: "answerHint" }),
  ];
  if (!chosen) {
    const options = { name: "assistant_id", label: "answerAssistant", control: assistant };
    fields.unshift(new Field(options));
  }
  const save = actionButton("primary", "save", async () => {
    save.disabled = true;
    try {
      const path = `assistants/${chosen ? assistantId : assistant.value}/answers`;
      const body = { question: asked.value, answer: text.value };
      const saved = await context.client.post(answer ? `${path}/${answer.id}` : path, body);
      dialog.close();
      context.notices.notify("answerSaved");
      onSaved?.(saved);
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      showError(fields, error);
    } finally {
      save.disabled = false;
    }
  });
  const content = fields.map(({ element }) => element);
  const title = answer ? "changeAnswer" : "writeAnswer";
  const dialog = openDialog({ title, content, actions: [save] });
  if (chosen) return;
  await offerAssistants(context, assistant);
  assistant.value = assistantId;
}
