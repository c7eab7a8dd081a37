/** Times of messages, in the page's language and the reader's time zone. */

import { el } from "./dom.js";
import { currentLanguage, onLanguage } from "./speech.js";

/**
 * @param {number|null} seconds since 1970
 * @returns {HTMLTimeElement|null} null if the time is not known
 */
export function timeOf(seconds) {
  if (!seconds) return null;
  const at = new Date(seconds * 1000);
  return written(el("time", { className: "time", dateTime: at.toISOString(), tabIndex: 0 }));
}

/**
 * @param {number} seconds since 1970
 * @returns {string} date and time
 */
export function fullTime(seconds) {
  return formatted(new Date(seconds * 1000), { dateStyle: "long", timeStyle: "short" });
}

/** @param {HTMLTimeElement} element */
function written(element) {
  const at = new Date(element.dateTime);
  const isToday = at.toDateString() === new Date().toDateString();
  /** @type {Intl.DateTimeFormatOptions} */
  const short = { timeStyle: "short", ...(isToday ? {} : { dateStyle: "medium" }) };
  element.textContent = formatted(at, short);
  element.title = formatted(at, { dateStyle: "full", timeStyle: "medium" });
  return element;
}

/**
 * @param {Date} at
 * @param {Intl.DateTimeFormatOptions} options
 */
function formatted(at, options) {
  return new Intl.DateTimeFormat(currentLanguage(), options).format(at);
}

/** @returns {NodeListOf<HTMLTimeElement>} */
function times() {
  return document.querySelectorAll("time.time");
}

onLanguage(() => {
  for (const element of times()) written(element);
});
