/** Copying text to the clipboard, with a notice of the outcome. */

import { frontmost } from "./dialogs.js";
import { el } from "./dom.js";
import { notify } from "./notices.js";

/**
 * @param {string} text
 * @returns {Promise<boolean>} whether it was copied
 */
export async function copy(text) {
  try {
    await writeText(text);
  } catch {
    notify("copyFailed");
    return false;
  }
  notify("copied");
  return true;
}

/** @param {string} text */
async function writeText(text) {
  if (navigator.clipboard) {
    await navigator.clipboard.writeText(text);
    return;
  }
  // Plain HTTP on a local network has no `navigator.clipboard`, but can copy a selection.
  const field = el("textarea", { value: text, className: "for-readers", readOnly: true });
  const focused = document.activeElement;
  frontmost().append(field);
  field.select();
  const done = document.execCommand("copy");
  field.remove();
  if (focused instanceof HTMLElement) focused.focus();
  if (!done) throw new Error("nothing was copied");
}
