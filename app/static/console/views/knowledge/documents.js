/** The documents of one assistant: added, replaced, removed, and searched on trial. */

import { ApiError } from "../../../shared/client.js";
import { el } from "../../../shell/dom.js";
import { acceptDrops } from "../../../shell/drops.js";
import { icon } from "../../../shell/icons.js";
import { say, words } from "../../../shell/speech.js";
import { Library } from "../../pieces/library.js";
import { showFailure, showLoading } from "../../pieces/states.js";
import { viewHead } from "../../pieces/view_head.js";
import { answersOf } from "./answers.js";
import { DocumentList } from "./document_list.js";
import { trial } from "./trial.js";

/**
 * @param {HTMLElement} container
 * @param {import("../../context.js").Context} context
 * @param {string} assistantId
 * @returns {() => void}
 */
export function openDocuments(container, context, assistantId) {
  const closing = new AbortController();
  load(container, context, assistantId, closing.signal);
  return () => closing.abort();
}

/**
 * @param {HTMLElement} container
 * @param {import("../../context.js").Context} context
 * @param {string} assistantId
 * @param {AbortSignal} closed
 */
async function load(container, context, assistantId, closed) {
  const back = { href: "#/knowledge", name: "allKnowledge" };
  const body = el("div", { className: "knowledge" });
  container.replaceChildren(viewHead(context, { title: "knowledge", back }), body);
  showLoading(body);
  try {
    const path = `assistants/${encodeURIComponent(assistantId)}`;
    const [assistant, draft] = await Promise.all([
      context.client.get(path, { signal: closed }),
      context.client.get(`${path}/draft`, { signal: closed }),
    ]);
    const library = new Library(context.client, assistant, draft.configured);
    const name = assistant.name || words("unnamedAssistant");
    const own = words("knowledgeOf", { name });
    container.replaceChildren(viewHead(context, { own, text: "knowledgeOfText", back }), body);
    show(body, context, library, closed);
  } catch (error) {
    if (closed.aborted) return;
    if (!(error instanceof ApiError)) throw error;
    showFailure(body, error, () => load(container, context, assistantId, closed));
  }
}

/**
 * @param {HTMLElement} body
 * @param {import("../../context.js").Context} context
 * @param {Library} library
 * @param {AbortSignal} closed
 */
function show(body, context, library, closed) {
  const list = new DocumentList(library, context, closed);
  const parts = [trial(library, closed)];
  if (list.mayChange) parts.unshift(dropZone(list), list.element);
  else parts.unshift(list.element);
  body.replaceChildren(...parts, answersOf(context, library.assistant.id, list.mayChange));
  list.load();
}

/**
 * @param {DocumentList} list
 * @returns {HTMLElement} where documents are dropped or chosen
 */
function dropZone(list) {
  const input = el("input", { type: "file", multiple: true, hidden: true });
  input.addEventListener("change", () => {
    list.add(input.files ?? []);
    input.value = "";
  });
  const choose = el("button", { type: "button", className: "primary" });
  choose.addEventListener("click", () => input.click());
  const zone = el(
    "div",
    { className: "drop-zone" },
    el("p", {}, icon("upload"), say(el("span"), "dropDocuments")),
    say(choose, "addDocuments"),
    say(el("p", { className: "hint" }), "dropDocumentsHint"),
    input,
  );
  acceptDrops(zone, (files) => list.add(files));
  return zone;
}
