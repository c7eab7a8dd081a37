/** Copying text, and saying whether that was possible. */

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
  // Plain HTTP on a local network has no clipboard object, but a selection can still be copied.
  const field = el("textarea", { value: text, className: "for-readers", readOnly: true });
  const focused = document.activeElement;
  document.body.append(field);
  field.select();
  const done = document.execCommand("copy");
  field.remove();
  if (focused instanceof HTMLElement) focused.focus();
  if (!done) throw new Error("nothing was copied");
}
