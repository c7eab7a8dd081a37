/** The list of actions. */

import { el } from "../../../shell/dom.js";
import { say } from "../../../shell/speech.js";
import { PagedList } from "../../pieces/paged_list.js";
import { showNothing } from "../../pieces/states.js";
import { actionButton, viewHead } from "../../pieces/view_head.js";

const PAGE = 50;

/**
 * @param {HTMLElement} container
 * @param {import("../../context.js").Context} context
 */
export function openList(container, context) {
  /** @type {PagedList<import("./types.js").Action>} */
  const list = new PagedList({
    label: "actions",
    load: (after) => context.client.get("actions", { query: { limit: PAGE, after } }),
    row,
    showEmpty: (place) => {
      showNothing(place, { symbol: "actions", title: "noActions", text: "noActionsText" });
    },
  });
  const create = () => context.go("#/actions/new");
  const actions = context.mayWrite ? [actionButton("primary", "newAction", create, "plus")] : [];
  container.append(viewHead(context, { title: "actions", text: "actionsText", actions }), list.element);
  list.reload();
}

/** @param {import("./types.js").Action} action */
function row({ id, name, title, address, auth, configured }) {
  return el(
    "a",
    { className: "action-row", href: `#/actions/${encodeURIComponent(id)}` },
    el("div", { className: "action-words" },
      el("p", { className: "action-title" }, title || name),
      el("p", { className: "muted action-address" }, `${name} · ${address}`)),
    configured ? say(el("span", { className: "chip" }), "actionConfigured") : null,
    auth.type === "none" ? null : say(el("span", { className: "chip" }), "hasSecret"),
  );
}
