/** One key: what it may do, when it was used, and what can be done with it. */

import { confirm } from "../../../shell/dialogs.js";
import { el } from "../../../shell/dom.js";
import { say } from "../../../shell/speech.js";
import { timeOf } from "../../../shell/times.js";
import { attempt } from "../../pieces/attempt.js";
import { actionButton } from "../../pieces/view_head.js";
import { openKeyForm } from "./key_form.js";
import { showNewKey } from "./new_key.js";
import { chip } from "./pieces.js";
import { pathOf } from "./project_form.js";

/** @typedef {import("../../context.js").Context} Context */
/** @typedef {import("./types.js").Key} Key */

const SCOPES = { all: "scopeAll", read: "scopeRead", chat: "scopeChat" };

/**
 * @param {Context} context
 * @param {Key} key
 * @param {() => void} changed
 */
export function keyRow(context, key, changed) {
  const named = el("div", { className: "key-named" });
  named.append(
    el("span", { className: "access-name" }, key.name),
    el("code", { className: "muted" }, key.redacted_value),
  );
  return el(
    "div",
    { className: key.revoked_at ? "key-row key-revoked" : "key-row" },
    el("div", { className: "key-words" }, named, chipsOf(key), useOf(key)),
    el("div", { className: "key-actions" }, ...actionsOf(context, key, changed)),
  );
}

/** @param {Key} key */
function chipsOf(key) {
  const chips = el("div", { className: "access-chips" });
  if (key.revoked_at) chips.append(chip("isRevoked", {}, "chip-danger"));
  chips.append(chip(SCOPES[key.scope], {}, "chip-accent"));
  if (key.rate) chips.append(el("span", { className: "chip" }, key.rate));
  if (key.token_budget !== null) {
    chips.append(chip("tokensOf", { used: key.tokens_today, count: key.token_budget }));
  }
  for (const origin of key.origins) chips.append(el("span", { className: "chip" }, origin));
  return chips;
}

/** @param {Key} key */
function useOf({ last_used_at: used }) {
  const time = timeOf(used);
  const line = el("p", { className: "muted key-use" });
  line.append(say(el("span"), time ? "lastUsed" : "neverUsed"), " ", time ?? "");
  return line;
}

/**
 * @param {Context} context
 * @param {Key} key
 * @param {() => void} changed
 */
function actionsOf(context, key, changed) {
  const { client } = context;

  async function rotate() {
    const asked = { title: "rotateKey", text: "rotateKeyText", yes: "rotateNow" };
    if (!(await confirm({ ...asked, values: { name: key.name } }))) return;
    const body = { replaces: key.id };
    const made = await attempt(client.post(`${pathOf(key.project)}/keys`, body));
    if (!made) return;
    showNewKey(made);
    changed();
  }

  async function revoke() {
    const asked = { title: "revokeKey", text: "revokeKeyText", yes: "revokeNow" };
    if (!(await confirm({ ...asked, values: { name: key.name } }))) return;
    if (await attempt(client.post(`admin/keys/${key.id}`, { revoked: true }))) changed();
  }

  async function remove() {
    if (await attempt(client.delete(`admin/keys/${key.id}`))) changed();
  }

  if (key.revoked_at) return [actionButton("secondary", "removeEntry", remove)];
  return [
    actionButton("secondary", "keyLimits", () => openKeyForm(context, key.project, key, changed)),
    actionButton("secondary", "rotateNow", rotate),
    actionButton("secondary", "revokeNow", revoke),
  ];
}
