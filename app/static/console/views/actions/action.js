/** One action: which operations it offers, how it authenticates, and a call to try it. */

import { ApiError } from "../../../shared/client.js";
import { confirm } from "../../../shell/dialogs.js";
import { el } from "../../../shell/dom.js";
import { say } from "../../../shell/speech.js";
import { Field, group, showError } from "../../pieces/form.js";
import { showFailure, showLoading } from "../../pieces/states.js";
import { actionButton, viewHead } from "../../pieces/view_head.js";
import { AuthFields } from "./auth_fields.js";
import { DocumentFields } from "./document_fields.js";
import { OperationChoice } from "./operations.js";
import { trialOf } from "./trial.js";

/** @typedef {import("../../context.js").Context} Context */
/** @typedef {import("./types.js").Action} Action */

const BACK = { href: "#/actions", name: "actions" };

/**
 * @param {HTMLElement} container
 * @param {Context} context
 * @param {string} id of the action
 * @returns {() => void} closes it
 */
export function openAction(container, context, id) {
  const closing = new AbortController();
  load(container, context, `actions/${encodeURIComponent(id)}`, closing.signal);
  return () => closing.abort();
}

/**
 * @param {HTMLElement} container
 * @param {Context} context
 * @param {string} path of the action
 * @param {AbortSignal} closed
 */
async function load(container, context, path, closed) {
  const place = el("div");
  container.replaceChildren(viewHead(context, { title: "action", back: BACK }), place);
  showLoading(place);
  try {
    const [action, operations] = await Promise.all([
      context.client.get(path, { signal: closed }),
      context.client.get(`${path}/operations`, { signal: closed }),
    ]);
    const again = () => load(container, context, path, closed);
    show(container, context, path, { action, operations: operations.data, again });
  } catch (error) {
    if (closed.aborted) return;
    if (!(error instanceof ApiError)) throw error;
    showFailure(place, error, () => load(container, context, path, closed));
  }
}

/**
 * @param {HTMLElement} container
 * @param {Context} context
 * @param {string} path
 * @param {{action: Action, operations: import("./types.js").Operation[],
 *   again: () => Promise<void>}} shown
 */
function show(container, context, path, { action, operations, again }) {
  const mayChange = context.mayWrite && !action.configured;
  const remove = async () => {
    const question = { title: "deleteActionTitle", text: "deleteActionText", yes: "delete" };
    if (!(await confirm({ ...question, values: { name: action.title || action.name } }))) return;
    try {
      await context.client.delete(path);
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      showError([], error);
      return;
    }
    context.notices.notify("actionDeleted");
    context.go("#/actions");
  };
  const head = viewHead(context, {
    own: action.title || action.name,
    back: BACK,
    actions: mayChange ? [actionButton("secondary", "delete", remove, "trash")] : [],
  });
  head.append(el("p", { className: "muted action-address" }, `${action.name} · ${action.address}`));
  if (action.configured) {
    head.append(say(el("p", { className: "box" }), "actionConfiguredText"));
  }
  const offered = operations.filter((one) => one.offered);
  const trial = context.mayWrite && offered.length
    ? group("groupTrial", trialOf(context, path, offered))
    : null;
  const form = formOf(context, path, { action, operations, again, mayChange });
  container.replaceChildren(head, el("div", { className: "action-form" }, form, ...(trial ? [trial] : [])));
}

/**
 * @param {Context} context
 * @param {string} path
 * @param {{action: Action, operations: import("./types.js").Operation[], mayChange: boolean,
 *   again: () => Promise<void>}} shown
 */
function formOf(context, path, { action, operations, mayChange, again }) {
  const choice = new OperationChoice(operations, action.operations, mayChange);
  const ask = el("select");
  ask.append(
    say(el("option", { value: "consequential" }), "askConsequential"),
    say(el("option", { value: "always" }), "askAlways"),
    say(el("option", { value: "never" }), "askNever"),
  );
  ask.value = action.ask;
  const server = el("input", { type: "url", maxLength: 2048, placeholder: action.address });
  server.value = action.server ?? "";
  const name = el("input", { type: "text", maxLength: 24, autocomplete: "off", value: action.name });
  const auth = new AuthFields(action.auth);
  const document = new DocumentFields();
  const own = {
    ask: new Field({ name: "ask", label: "askField", control: ask, hint: "askHint" }),
    name: new Field({ name: "name", label: "actionName", control: name, hint: "actionNameHint" }),
    server: new Field({ name: "server", label: "serverField", control: server, hint: "serverHint" }),
  };
  const fields = [...Object.values(own), ...auth.fields, ...document.fields];
  const save = actionButton("primary", "save", () => form.requestSubmit());
  const form = el(
    "form",
    { className: "action-form", noValidate: true },
    group("groupOperations", own.ask.element, choice.element),
    group("groupAuth", auth.element),
    group("groupCalls", own.name.element, own.server.element,
      el("details", {}, say(el("summary"), "replaceOpenapi"), document.element)),
    mayChange ? el("div", { className: "form-end" }, save) : null,
    el("input", { type: "submit", hidden: true }),
  );
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    if (!mayChange) return;
    const authentication = auth.changes();
    const body = {
      name: name.value.trim(),
      ask: ask.value,
      server: server.value.trim() || null,
      operations: choice.read(),
      ...document.read(),
      ...(authentication ? { auth: authentication } : {}),
    };
    save.disabled = true;
    try {
      await context.client.post(path, body);
      context.notices.notify("actionSaved");
      await again();
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      showError(fields, error);
    } finally {
      save.disabled = false;
    }
  });
  if (!mayChange) {
    for (const input of form.querySelectorAll("input, select, textarea, button")) {
      /** @type {HTMLInputElement} */ (input).disabled = true;
    }
  }
  return form;
}
