/** How numbers are written. */

import { currentLanguage } from "../../../shell/speech.js";
import { money } from "../../pieces/facts.js";

/** @param {number} number */
export function count(number) {
  return new Intl.NumberFormat(currentLanguage(), { maximumFractionDigits: 0 }).format(number);
}

/** @param {number|null} seconds */
export function time(seconds) {
  return seconds === null ? "–" : seconds.toFixed(1);
}

/** @param {Record<string, number>} given by currency */
export function costs(given) {
  return Object.entries(given).map(([currency, cost]) => money(cost, currency)).join(", ") || "–";
}
