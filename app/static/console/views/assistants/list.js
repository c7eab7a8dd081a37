/** The list of assistants. */

import { el, languageOf } from "../../../shell/dom.js";
import { words } from "../../../shell/speech.js";
import { PagedList } from "../../pieces/paged_list.js";
import { showNothing } from "../../pieces/states.js";
import { viewHead } from "../../pieces/view_head.js";
import { avatar } from "./avatar.js";

/** @typedef {import("../../../shared/api.d.ts").Assistant} Assistant */

const PAGE = 25;

/**
 * @param {HTMLElement} container
 * @param {import("../../context.js").Context} context
 */
export function openList(container, context) {
  /** @type {PagedList<Assistant>} */
  const list = new PagedList({
    label: "assistants",
    load: (after) => context.client.get("assistants", { query: { limit: PAGE, after } }),
    row,
    showEmpty: (place) => {
      showNothing(place, {
        symbol: "assistants",
        title: "noAssistants",
        text: "noAssistantsText",
      });
    },
  });
  const head = viewHead(context, { title: "assistants", text: "assistantsText" });
  container.append(head, list.element);
  list.reload();
}

/** @param {Assistant} assistant */
function row(assistant) {
  const name = assistant.name || words("unnamedAssistant");
  const described = assistant.description
    ? el("p", { className: "muted", lang: languageOf(assistant.description) }, assistant.description)
    : null;
  return el(
    "div",
    { className: "assistant-row" },
    avatar(assistant),
    el("div", { className: "assistant-words" }, el("p", { className: "assistant-name" }, name), described),
    el("span", { className: "chip assistant-model" }, assistant.model),
  );
}
