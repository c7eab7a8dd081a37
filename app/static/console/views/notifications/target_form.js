/** The form of a target: a webhook or an e-mail address, and its events. */

import { el } from "../../../shell/dom.js";
import { currentLanguage, say } from "../../../shell/speech.js";
import { attempt } from "../../pieces/attempt.js";
import { Field } from "../../pieces/form.js";
import { openForm } from "../../pieces/form_dialog.js";
import { CheckboxField } from "./checkbox_field.js";
import { CHANNELS, EVENTS, LANGUAGES } from "./names.js";

/** @typedef {import("../../context.js").Context} Context */
/** @typedef {import("./types.js").Target} Target */
/** @typedef {import("./types.js").Channel} Channel */

/**
 * @param {Context} context
 * @param {Target|null} target null: a new one
 * @param {(target: Target & {secret?: string|null}) => void} done
 */
export async function openTargetForm({ client }, target, done) {
  const events = new CheckboxField({
    name: "events", label: "targetEvents", options: EVENTS, chosen: target?.events ?? null,
  });
  const language = select(LANGUAGES, target?.language ?? currentLanguage());
  const spoken = new Field({ name: "language", label: "targetLanguage", control: language });
  if (target) {
    const path = `notification_targets/${encodeURIComponent(target.id)}`;
    spoken.element.hidden = target.type !== "email";
    openForm({
      title: "changeTargetTitle",
      save: "save",
      fields: [events, spoken],
      send: () => client.post(path, { events: events.chosen, language: language.value }),
      done,
    });
    return;
  }
  const channels = await attempt(client.get("notification_channels"));
  if (!channels) return;
  const { type, address, fields } = whereTo(channels.data, spoken);
  openForm({
    title: "addTarget",
    save: "addTarget",
    fields: [...fields, events, spoken],
    send: () => client.post("notification_targets", {
      type: type.value,
      address: address.value.trim(),
      events: events.chosen,
      language: language.value,
      // As this browser sees it: behind a proxy, the server may know another address.
      console_url: new URL("console", document.baseURI).href,
    }),
    done,
  });
}

/**
 * @param {Channel[]} channels
 * @param {Field} spoken only e-mails have a language
 */
function whereTo(channels, spoken) {
  const type = select(CHANNELS, "webhook");
  const address = el("input", { maxLength: 2048, autocomplete: "off", spellcheck: false, dir: "ltr" });
  const unavailable = channels.filter(({ available }) => !available).map((one) => one.type);
  for (const option of type.options) {
    option.disabled = unavailable.some((name) => name === option.value);
  }
  const hint = unavailable.includes("email") ? "noMailServer" : "channelHint";
  const kind = new Field({ name: "type", label: "targetChannel", control: type, hint });
  const field = new Field({
    name: "address", label: "webhookAddress", control: address, hint: "webhookHint",
  });
  const [label, explained] = ["label", ".hint"].map((selector) => {
    return /** @type {HTMLElement} */ (field.element.querySelector(selector));
  });
  const show = () => {
    const isMail = type.value === "email";
    address.type = isMail ? "email" : "url";
    address.placeholder = isMail ? "owner@example.org" : "https://shop.example.org/hook";
    say(label, isMail ? "emailAddress" : "webhookAddress");
    say(explained, isMail ? "emailHint" : "webhookHint");
    spoken.element.hidden = !isMail;
    field.clear();
  };
  type.addEventListener("change", show);
  show();
  return { type, address, fields: [kind, field] };
}

/**
 * @param {Record<string, string>} options names of their texts, by value
 * @param {string} value
 */
function select(options, value) {
  const shown = Object.entries(options).map(([key, name]) => {
    return say(el("option", { value: key, selected: key === value }), name);
  });
  return el("select", {}, ...shown);
}
