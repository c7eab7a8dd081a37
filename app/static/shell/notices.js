/**
 * Short messages over a page. The page has two elements for them:
 * `<div id="announcer" class="for-readers" role="status" aria-live="polite">` and
 * `<div id="notice" class="notice" role="alert" hidden>`.
 */

import { errorText } from "../shared/language.js";
import { byId } from "./dom.js";
import { words } from "./speech.js";

/** @typedef {import("../shared/language.js").Values} Values */

// Milliseconds.
const SHOWN_FOR = 6000;
/** @type {ReturnType<typeof setTimeout>|undefined} */
let timer;

/**
 * Announce something to screen readers only, without interrupting them.
 *
 * @param {string} name
 * @param {Values} [values]
 */
export function announce(name, values) {
  byId("announcer").textContent = words(name, values);
}

/**
 * Show a message for a moment; screen readers read it too.
 *
 * @param {string} name
 * @param {Values} [values]
 */
export function notify(name, values) {
  const notice = byId("notice");
  notice.textContent = words(name, values);
  notice.hidden = false;
  clearTimeout(timer);
  timer = setTimeout(() => {
    notice.hidden = true;
  }, SHOWN_FOR);
}

/** @param {import("../shared/client.js").ApiError} error */
export function notifyError(error) {
  const { name, values } = errorText(error);
  notify(name, values);
}
