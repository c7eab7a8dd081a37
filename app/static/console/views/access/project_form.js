/** The form of a project: its name, if it is new, and its limits. */

import { el } from "../../../shell/dom.js";
import { Field } from "../../pieces/form.js";
import { openForm } from "../../pieces/form_dialog.js";
import { numberInput, numberOf } from "./pieces.js";

/** @typedef {import("./types.js").Project} Project */

/**
 * @param {import("../../context.js").Context} context
 * @param {Project|null} project null: a new one
 * @param {(project: Project) => void} done
 */
export function openProjectForm({ client }, project, done) {
  const name = el("input", { type: "text", maxLength: 64, autocomplete: "off" });
  const budget = numberInput(project?.token_budget ?? null);
  const runs = numberInput(project?.max_concurrent_runs ?? null);
  const fields = [
    new Field({ name: "token_budget", label: "dayBudget", control: budget, hint: "budgetHint" }),
    new Field({ name: "max_concurrent_runs", label: "maxRuns", control: runs, hint: "noLimitHint" }),
  ];
  if (!project) {
    fields.unshift(
      new Field({ name: "name", label: "projectName", control: name, hint: "projectNameHint" }),
    );
  }
  const limits = () => ({ token_budget: numberOf(budget), max_concurrent_runs: numberOf(runs) });
  openForm({
    title: project ? "projectLimits" : "newProject",
    save: project ? "save" : "makeProject",
    fields,
    send: () =>
      project
        ? client.post(pathOf(project.id), limits())
        : client.post("admin/projects", { name: name.value.trim(), ...limits() }),
    done,
  });
}

/** @param {string} project */
export function pathOf(project) {
  return `admin/projects/${encodeURIComponent(project)}`;
}
