/** The projects, and the origins of pages. */

import { el } from "../../../shell/dom.js";
import { say } from "../../../shell/speech.js";
import { PagedList } from "../../pieces/paged_list.js";
import { showNothing } from "../../pieces/states.js";
import { actionButton, viewHead } from "../../pieces/view_head.js";
import { originsBox } from "./origins.js";
import { chip } from "./pieces.js";
import { openProjectForm } from "./project_form.js";

/** @typedef {import("./types.js").Project} Project */

/**
 * @param {HTMLElement} container
 * @param {import("../../context.js").Context} context
 */
export function openOverview(container, context) {
  /** @type {PagedList<Project>} */
  const list = new PagedList({
    label: "accessProjects",
    load: () => context.client.get("admin/projects"),
    row: projectRow,
    showEmpty: (place) => showNothing(place, { symbol: "access", title: "nothingFound" }),
  });
  const add = actionButton("primary", "newProject", () => {
    openProjectForm(context, null, ({ id }) => context.go(hashOf(id)));
  }, "plus");
  const head = viewHead(context, { title: "access", text: "accessText", actions: [add] });
  const heading = say(el("h2", { className: "section-heading" }), "accessProjects");
  container.append(head, heading, list.element, originsBox(context));
  list.reload();
}

/** @param {string} project */
export function hashOf(project) {
  return `#/access/${encodeURIComponent(project)}`;
}

/** @param {Project} project */
function projectRow(project) {
  const count = project.keys + project.configured_keys;
  return el(
    "a",
    { className: "access-row", href: hashOf(project.id) },
    el("span", { className: "access-name" }, project.name),
    project.status === "archived" ? chip("isArchived", {}, "chip-danger") : null,
    project.source === "settings" ? chip("fromSettings") : null,
    project.token_budget === null ? null : chip("tokensADay", { count: project.token_budget }),
    say(el("span", { className: "muted access-count" }), "keyCount", { count }),
  );
}
