/** The form of a key: what it is for, and its limits. */

import { el } from "../../../shell/dom.js";
import { say } from "../../../shell/speech.js";
import { Field } from "../../pieces/form.js";
import { openForm } from "../../pieces/form_dialog.js";
import { numberInput, numberOf } from "./pieces.js";
import { pathOf } from "./project_form.js";

/** @typedef {import("./types.js").Key} Key */

/**
 * @param {import("../../context.js").Context} context
 * @param {string} project
 * @param {Key|null} key null: a new one
 * @param {(key: Key & {value: string}) => void} done the value is that of a new key
 */
export function openKeyForm({ client }, project, key, done) {
  const name = el("input", { type: "text", maxLength: 100, autocomplete: "off", value: key?.name });
  const scope = el("select", {});
  scope.append(
    say(el("option", { value: "all" }), "scopeAll"),
    say(el("option", { value: "read" }), "scopeRead"),
    say(el("option", { value: "chat" }), "scopeChat"),
  );
  scope.value = key?.scope ?? "all";
  const origins = el("textarea", { rows: 2, spellcheck: false });
  origins.value = key?.origins.join("\n") ?? "";
  const rate = el("input", { type: "text", placeholder: "60/minute", value: key?.rate });
  const budget = numberInput(key?.token_budget ?? null);
  openForm({
    title: key ? "editKey" : "newKey",
    save: key ? "save" : "makeKey",
    fields: [
      new Field({ name: "name", label: "keyName", control: name, hint: "keyNameHint" }),
      new Field({ name: "scope", label: "keyScope", control: scope }),
      new Field({ name: "origins", label: "keyOrigins", control: origins, hint: "keyOriginsHint" }),
      new Field({ name: "rate", label: "keyRate", control: rate, hint: "rateHint" }),
      new Field({ name: "token_budget", label: "dayBudget", control: budget, hint: "keyBudgetHint" }),
    ],
    send: () => {
      const body = {
        name: name.value.trim(),
        scope: scope.value,
        origins: origins.value.split(/\s+/).filter(Boolean),
        rate: rate.value.trim(),
        token_budget: numberOf(budget),
      };
      return client.post(key ? `admin/keys/${key.id}` : `${pathOf(project)}/keys`, body);
    },
    done,
  });
}
