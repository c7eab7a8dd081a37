/** The assistants, to choose the one whose documents are shown. */

import { storesOf } from "../../../shared/calls/registry.js";
import { el } from "../../../shell/dom.js";
import { icon } from "../../../shell/icons.js";
import { say, words } from "../../../shell/speech.js";
import { PagedList } from "../../pieces/paged_list.js";
import { showNothing } from "../../pieces/states.js";
import { viewHead } from "../../pieces/view_head.js";

/** @typedef {import("../../../shared/api.d.ts").Assistant} Assistant */

const PAGE = 25;

/**
 * @param {HTMLElement} container
 * @param {import("../../context.js").Context} context
 */
export function openChoice(container, context) {
  /** @type {PagedList<Assistant>} */
  const list = new PagedList({
    label: "assistants",
    load: (after) => context.client.get("assistants", { query: { limit: PAGE, after } }),
    row,
    showEmpty: (place) => {
      showNothing(place, {
        symbol: "knowledge",
        title: "noKnowledgeAssistants",
        text: "noKnowledgeAssistantsText",
      });
    },
  });
  container.append(viewHead(context, { title: "knowledge", text: "knowledgeText" }), list.element);
  list.reload();
}

/** @param {Assistant} assistant */
function row(assistant) {
  const hasStores = storesOf(assistant).length > 0;
  const link = el("a", {
    className: "row-link",
    href: `#/knowledge/${encodeURIComponent(assistant.id)}`,
  });
  link.append(
    icon("knowledge"),
    el("span", { className: "row-name" }, assistant.name || words("unnamedAssistant")),
    say(
      el("span", { className: hasStores ? "chip chip-accent" : "chip" }),
      hasStores ? "searchesFiles" : "searchesNothing",
    ),
  );
  return link;
}
