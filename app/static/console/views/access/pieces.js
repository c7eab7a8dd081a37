/** Pieces that the projects and the keys share. */

import { el } from "../../../shell/dom.js";
import { say } from "../../../shell/speech.js";

/**
 * @param {string} name of the text
 * @param {import("../../../shared/language.js").Values} [values]
 * @param {string} [kind] an additional class
 */
export function chip(name, values, kind = "") {
  return say(el("span", { className: `chip ${kind}`.trim() }), name, values);
}

/** @param {HTMLInputElement} control */
export function numberOf(control) {
  return control.value === "" ? null : Number(control.value);
}

/** @param {number|null} value */
export function numberInput(value) {
  return el("input", { type: "number", min: "1", step: "1", inputMode: "numeric", value });
}
