/** A new assistant, or one like another. */

import { ApiError } from "../../../shared/client.js";
import { tabStorage } from "../../../shared/storage.js";
import { el } from "../../../shell/dom.js";
import { words } from "../../../shell/speech.js";
import { showError } from "../../pieces/form.js";
import { showFailure, showLoading } from "../../pieces/states.js";
import { actionButton, viewHead } from "../../pieces/view_head.js";
import { AssistantForm } from "./form.js";
import { loadOffered } from "./offered.js";

// What is typed before the assistant exists is kept in this tab.
const KEPT = "threadkeeper.console.new";
const LONGEST_NAME = 256;

/**
 * @param {import("../../../shared/client.js").ApiClient} client
 * @param {Record<string, any>} content
 * @returns {Promise<import("../../../shared/api.d.ts").Assistant>} a new assistant like it
 */
export function duplicate(client, content) {
  const named = words("copyOf", { name: content.name || words("unnamedAssistant") });
  return client.post("assistants", { ...content, name: named.slice(0, LONGEST_NAME) });
}

/**
 * @param {HTMLElement} container
 * @param {import("../../context.js").Context} context
 */
export async function openNew(container, context) {
  const head = viewHead(context, {
    title: "newAssistant",
    text: "newAssistantText",
    back: { href: "#/assistants", name: "assistants" },
  });
  const place = el("div");
  container.append(head, place);
  showLoading(place);
  try {
    const offered = await loadOffered(context.client);
    const form = new AssistantForm(offered, () => {
      tabStorage.set(KEPT, form.read());
    });
    const [first] = offered.models;
    form.show(tabStorage.get(KEPT) ?? { model: first?.id ?? "", metadata: {}, tools: [] });
    const button = actionButton("primary", "createAssistant", () => create(context, form, button));
    place.replaceChildren(form.element, el("div", { className: "form-end" }, button));
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    showFailure(place, error, null);
  }
}

async function create(context, form, button) {
  button.disabled = true;
  try {
    const made = await context.client.post("assistants", form.read());
    tabStorage.remove(KEPT);
    context.notices.notify("assistantCreated");
    context.go(`#/assistants/${made.id}`);
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    showError(form.fields, error);
  } finally {
    button.disabled = false;
  }
}
