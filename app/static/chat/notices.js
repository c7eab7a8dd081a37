/** Short words that are not part of the conversation. */

import { byId } from "./dom.js";
import { words } from "./speech.js";
import { errorText } from "../shared/language.js";

const SHOWN_FOR = 6000;
const LONGEST_READ = 2000;
let timer = null;

/** Say something to screen readers alone, when they have time. */
export function announce(name, values) {
  byId("announcer").textContent = words(name, values);
}

/**
 * Read a finished answer to screen readers.
 *
 * @param {string} text
 */
export function announceAnswer(text) {
  announce("answerReady", { text: text.slice(0, LONGEST_READ) });
}

/** Show and say something for a moment. */
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
