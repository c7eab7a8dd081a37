/** One target: its events, and what can be done with it. */

import { confirm } from "../../../shell/dialogs.js";
import { el } from "../../../shell/dom.js";
import { iconButton } from "../../../shell/speech.js";
import { attempt } from "../../pieces/attempt.js";
import { chip } from "../../pieces/facts.js";
import { actionButton } from "../../pieces/view_head.js";
import { CHANNELS, EVENTS, LANGUAGES } from "./names.js";
import { showSigningSecret } from "./signing_secret.js";
import { openTargetForm } from "./target_form.js";

/** @typedef {import("../../context.js").Context} Context */
/** @typedef {import("./types.js").Target} Target */
/** @typedef {{changed: () => void, sent: () => void}} Listeners */

/**
 * @param {Context} context
 * @param {Target} target
 * @param {Listeners} listeners
 */
export function targetRow(context, target, listeners) {
  return el(
    "div",
    { className: "notification-target" },
    el(
      "div",
      { className: "notification-words" },
      el("p", { className: "notification-address", dir: "ltr" }, target.address),
      chipsOf(target),
    ),
    context.mayWrite
      ? el("div", { className: "notification-actions" }, ...actionsOf(context, target, listeners))
      : null,
  );
}

/** @param {Target} target */
function chipsOf({ type, events, language, enabled }) {
  return el(
    "div",
    { className: "notification-chips" },
    enabled ? null : chip("chip-danger", "isPaused"),
    chip("chip-accent", CHANNELS[type]),
    ...events.map((event) => chip("", EVENTS[event])),
    type === "email" ? chip("", LANGUAGES[language]) : null,
  );
}

/**
 * @param {Context} context
 * @param {Target} target
 * @param {Listeners} listeners
 */
function actionsOf(context, target, { changed, sent }) {
  const { client, notices } = context;
  const path = `notification_targets/${encodeURIComponent(target.id)}`;
  const values = { address: target.address };

  async function test() {
    if (!(await attempt(client.post(`${path}/test`)))) return;
    notices.notify("testSent");
    sent();
  }

  async function pause() {
    if (await attempt(client.post(path, { enabled: !target.enabled }))) changed();
  }

  async function rotate() {
    const asked = { title: "rotateSecretTitle", text: "rotateSecretText", yes: "newSecret" };
    if (!(await confirm({ ...asked, values }))) return;
    const made = await attempt(client.post(`${path}/rotate_secret`));
    if (made) showSigningSecret(made.secret, "rotatedSecretText");
  }

  async function remove() {
    const asked = { title: "deleteTargetTitle", text: "deleteTargetText", yes: "delete" };
    if (!(await confirm({ ...asked, values }))) return;
    if (!(await attempt(client.delete(path)))) return;
    notices.notify("targetDeleted", values);
    changed();
  }

  return [
    target.enabled ? actionButton("secondary", "sendTest", test) : null,
    actionButton("secondary", "changeTarget", () => openTargetForm(context, target, changed)),
    target.type === "webhook" ? actionButton("secondary", "newSecret", rotate) : null,
    actionButton("secondary", target.enabled ? "pauseTarget" : "resumeTarget", pause),
    iconButton("trash", "deleteTarget", { onclick: remove }, values),
  ];
}
