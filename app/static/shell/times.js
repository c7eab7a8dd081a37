/** When something was said, in the page's language and the reader's zone. */

import { el } from "./dom.js";
import { currentLanguage, onLanguage } from "./speech.js";

/**
 * @param {number|null} seconds since 1970
 * @returns {HTMLTimeElement|null} null if it is not known
 */
export function timeOf(seconds) {
  if (!seconds) return null;
  const at = new Date(seconds * 1000);
  return tell(el("time", { className: "time", dateTime: at.toISOString(), tabIndex: 0 }));
}

/**
 * @param {number} seconds since 1970
 * @returns {string} date and time
 */
export function fullTime(seconds) {
  return formatted(new Date(seconds * 1000), { dateStyle: "long", timeStyle: "short" });
}

function tell(element) {
  const at = new Date(element.dateTime);
  const isToday = at.toDateString() === new Date().toDateString();
  const short = { timeStyle: "short", ...(isToday ? {} : { dateStyle: "medium" }) };
  element.textContent = formatted(at, short);
  element.title = formatted(at, { dateStyle: "full", timeStyle: "medium" });
  return element;
}

function formatted(at, options) {
  return new Intl.DateTimeFormat(currentLanguage(), options).format(at);
}

onLanguage(() => {
  for (const element of document.querySelectorAll("time.time")) tell(element);
});
