/**
 * Short messages over a page. The page has two elements for them:
 * `<div id="announcer" class="for-readers" role="status" aria-live="polite">` and
 * `<div id="notice" class="notice" role="alert" hidden>`. While a dialog is open, they are in it.
 */

import { errorText } from "../shared/language.js";
import { frontmost, onFrontmost } from "./dialogs.js";
import { byId } from "./dom.js";
import { words } from "./speech.js";

/** @typedef {import("../shared/language.js").Values} Values */

// Milliseconds.
const SHOWN_FOR = 6000;
/** @type {ReturnType<typeof setTimeout>|undefined} */
let timer;
// References, because a dialog that is removed takes them along.
const announcer = byId("announcer");
const notice = byId("notice");
onFrontmost(bringForward);

/**
 * Announce something to screen readers only, without interrupting them.
 *
 * @param {string} name
 * @param {Values} [values]
 */
export function announce(name, values) {
  bringForward();
  announcer.textContent = words(name, values);
}

/**
 * Show a message for a moment; screen readers read it too.
 *
 * @param {string} name
 * @param {Values} [values]
 */
export function notify(name, values) {
  bringForward();
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

function bringForward() {
  const front = frontmost();
  for (const region of [announcer, notice]) {
    if (region.parentElement !== front) front.append(region);
  }
}
