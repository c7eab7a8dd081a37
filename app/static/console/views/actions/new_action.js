/** A new action. */

import { ApiError } from "../../../shared/client.js";
import { el } from "../../../shell/dom.js";
import { createAction, nameIn } from "../../pieces/action_making.js";
import { Field, group, showError } from "../../pieces/form.js";
import { actionButton, viewHead } from "../../pieces/view_head.js";
import { AuthFields } from "./auth_fields.js";
import { DocumentFields } from "./document_fields.js";

/**
 * @param {HTMLElement} container
 * @param {import("../../context.js").Context} context
 */
export function openNew(container, context) {
  const name = el("input", { type: "text", maxLength: 24, autocomplete: "off", spellcheck: false });
  const server = el("input", { type: "url", maxLength: 2048, placeholder: "https://" });
  const auth = new AuthFields(null);
  const nameField = new Field({ name: "name", label: "actionName", control: name, hint: "actionNameHint" });
  const own = new Field({ name: "server", label: "serverField", control: server, hint: "serverHint" });
  let isTyped = false;
  name.addEventListener("input", () => {
    isTyped = Boolean(name.value);
  });
  const document = new DocumentFields(() => {
    if (!isTyped) name.value = nameIn(document.text) || name.value;
  });
  const fields = [nameField, ...document.fields, own, ...auth.fields];
  const button = actionButton("primary", "createAction", () => form.requestSubmit());
  const form = el(
    "form",
    { className: "action-form", noValidate: true },
    group("groupDocument", document.element),
    group("groupCalls", nameField.element, own.element),
    group("groupAuth", auth.element),
    el("div", { className: "form-end" }, button),
    el("input", { type: "submit", hidden: true }),
  );
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    /** @type {Record<string, any>} */
    const body = { name: name.value.trim(), ...document.read() };
    if (server.value.trim()) body.server = server.value.trim();
    const authentication = auth.changes();
    if (authentication) body.auth = authentication;
    button.disabled = true;
    try {
      const made = await createAction(context.client, body);
      context.notices.notify("actionCreated");
      context.go(`#/actions/${made.id}`);
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      showError(fields, error);
    } finally {
      button.disabled = false;
    }
  });
  const back = { href: "#/actions", name: "actions" };
  container.append(viewHead(context, { title: "newAction", text: "newActionText", back }), form);
}
