/** One project: its limits and its keys. */

import { ApiError } from "../../../shared/client.js";
import { confirm } from "../../../shell/dialogs.js";
import { el } from "../../../shell/dom.js";
import { say } from "../../../shell/speech.js";
import { attempt } from "../../pieces/attempt.js";
import { PagedList } from "../../pieces/paged_list.js";
import { showFailure, showLoading, showNothing } from "../../pieces/states.js";
import { actionButton, viewHead } from "../../pieces/view_head.js";
import { openKeyForm } from "./key_form.js";
import { keyRow } from "./key_row.js";
import { showNewKey } from "./new_key.js";
import { chip } from "./pieces.js";
import { openProjectForm, pathOf } from "./project_form.js";

/** @typedef {import("../../context.js").Context} Context */
/** @typedef {import("./types.js").Project} Project */
/** @typedef {import("./types.js").Key} Key */

const PAGE = 50;

/**
 * @param {HTMLElement} container
 * @param {Context} context
 * @param {string} name of the project
 */
export function openProject(container, context, name) {
  const { client } = context;
  const back = { href: "#/access", name: "allProjects" };
  const place = el("div");

  async function load() {
    container.replaceChildren(viewHead(context, { own: name, back }), place);
    showLoading(place);
    try {
      draw(await client.get(pathOf(name)));
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      showFailure(place, error, load);
    }
  }

  /** @param {Project} project */
  function draw(project) {
    const list = keyList(context, project);
    const actions = actionsOf(context, project, draw, list);
    container.replaceChildren(viewHead(context, { own: name, back, actions }));
    container.append(about(project), list.element);
    list.reload();
  }

  load();
}

/**
 * @param {Context} context
 * @param {Project} project
 * @param {(project: Project) => void} draw
 * @param {PagedList<Key>} list
 */
function actionsOf(context, project, draw, list) {
  const made = (/** @type {Key & {value: string}} */ key) => {
    showNewKey(key);
    list.reload();
  };
  const add = () => openKeyForm(context, project.id, null, made);
  const own = project.source === "api";
  const active = project.status === "active";
  return [
    own && active
      ? actionButton("secondary", "keyLimits", () => openProjectForm(context, project, draw))
      : null,
    own && active ? actionButton("secondary", "archiveNow", () => archive(context, project, draw)) : null,
    active
      ? actionButton("primary", "newKey", add, "plus")
      : actionButton("primary", "restoreNow", () => restore(context, project, draw)),
  ];
}

/**
 * @param {Context} context
 * @param {Project} project
 * @param {(project: Project) => void} draw
 */
async function archive({ client }, { id }, draw) {
  const asked = { title: "archiveProject", text: "archiveProjectText", yes: "archiveNow" };
  if (!(await confirm({ ...asked, values: { project: id } }))) return;
  const archived = await attempt(client.delete(pathOf(id)));
  if (archived) draw(archived);
}

/**
 * @param {Context} context
 * @param {Project} project
 * @param {(project: Project) => void} draw
 */
async function restore({ client }, { id }, draw) {
  const restored = await attempt(client.post(pathOf(id), { status: "active" }));
  if (restored) draw(restored);
}

/** @param {Project} project */
function about(project) {
  const chips = el("div", { className: "access-chips" });
  const { token_budget: budget, max_concurrent_runs: runs, configured_keys: configured } = project;
  if (project.status === "archived") chips.append(chip("isArchived", {}, "chip-danger"));
  if (budget !== null) chips.append(chip("tokensADay", { count: budget }));
  if (runs !== null) chips.append(chip("runsAtATime", { count: runs }));
  if (configured) chips.append(chip("keysInSettings", { count: configured }));
  const text = project.source === "settings"
    ? say(el("p", { className: "muted" }), "fromSettingsText")
    : null;
  return el("div", { className: "access-about" }, chips, text);
}

/**
 * @param {Context} context
 * @param {Project} project
 * @returns {PagedList<Key>}
 */
function keyList(context, project) {
  const path = `${pathOf(project.id)}/keys`;
  /** @type {PagedList<Key>} */
  const list = new PagedList({
    label: "projectKeys",
    load: (after) => context.client.get(path, { query: { limit: PAGE, after } }),
    row: (key) => keyRow(context, key, () => list.reload()),
    showEmpty: (place) => showNothing(place, { symbol: "key", title: "noKeys", text: "noKeysText" }),
  });
  return list;
}
