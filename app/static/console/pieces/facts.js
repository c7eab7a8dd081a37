/** Facts that several views show: chips, money, and a choice of assistants. */

import { el } from "../../shell/dom.js";
import { currentLanguage, say } from "../../shell/speech.js";
import { attempt } from "./attempt.js";

/**
 * @param {import("../context.js").Context} context
 * @param {HTMLSelectElement} select
 */
export async function offerAssistants({ client }, select) {
  const page = await attempt(client.get("assistants", { query: { limit: 100 } }));
  for (const { id, name } of page?.data ?? []) {
    select.append(el("option", { value: id }, name || id));
  }
}

/**
 * @param {string} kind
 * @param {string} name
 * @param {import("../../shared/language.js").Values} [values]
 */
export function chip(kind, name, values) {
  return say(el("span", { className: `chip ${kind}` }), name, values);
}

/**
 * @param {number} cost
 * @param {string} currency
 */
export function money(cost, currency) {
  const digits = { minimumFractionDigits: 2, maximumFractionDigits: 5 };
  return `${new Intl.NumberFormat(currentLanguage(), digits).format(cost)} ${currency}`;
}
