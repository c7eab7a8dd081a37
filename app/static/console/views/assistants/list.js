/** The list of assistants. */

import { el, languageOf } from "../../../shell/dom.js";
import { icon } from "../../../shell/icons.js";
import { label, words } from "../../../shell/speech.js";
import { PagedList } from "../../pieces/paged_list.js";
import { showNothing } from "../../pieces/states.js";
import { actionButton, viewHead } from "../../pieces/view_head.js";
import { avatar } from "./avatar.js";

/** @typedef {import("../../../shared/api.d.ts").Assistant} Assistant */

const PAGE = 25;
const PAUSE = 250; // Milliseconds.

/**
 * @param {HTMLElement} container
 * @param {import("../../context.js").Context} context
 */
export function openList(container, context) {
  const search = label(el("input", { type: "search", autocomplete: "off" }), "searchAssistants");
  search.dataset.placeholder = "searchAssistants";
  search.placeholder = words("searchAssistants");
  /** @type {ReturnType<typeof setTimeout>|undefined} */
  let timer;
  search.addEventListener("input", () => {
    clearTimeout(timer);
    timer = setTimeout(() => list.reload(), PAUSE);
  });
  /** @type {PagedList<Assistant>} */
  const list = new PagedList({
    label: "assistants",
    load: (after) => {
      const query = { limit: PAGE, after, search: search.value.trim() };
      return context.client.get("assistants", { query });
    },
    row,
    showEmpty: (place) => {
      if (search.value.trim()) {
        showNothing(place, { symbol: "search", title: "nothingFound", text: "nothingFoundText" });
      } else showNothing(place, {
        symbol: "assistants",
        title: "noAssistants",
        text: "noAssistantsText",
      });
    },
  });
  const create = () => context.go("#/assistants/new");
  const actions = context.mayWrite
    ? [
      actionButton("secondary", "importGpt", () => context.go("#/assistants/import"), "copy"),
      actionButton("primary", "newAssistant", create, "plus"),
    ]
    : [];
  const head = viewHead(context, { title: "assistants", text: "assistantsText", actions });
  const box = el("div", { className: "search-field", role: "search" }, icon("search"), search);
  container.append(head, box, list.element);
  list.reload();
}

/** @param {Assistant} assistant */
function row(assistant) {
  const name = assistant.name || words("unnamedAssistant");
  const described = assistant.description
    ? el("p", { className: "muted", lang: languageOf(assistant.description) }, assistant.description)
    : null;
  return el(
    "a",
    { className: "assistant-row", href: `#/assistants/${encodeURIComponent(assistant.id)}` },
    avatar(assistant),
    el("div", { className: "assistant-words" }, el("p", { className: "assistant-name" }, name), described),
    el("span", { className: "chip assistant-model" }, assistant.model),
  );
}
