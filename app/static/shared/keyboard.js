/** Enter and Escape, except when an input method (IME) uses them. */

/** `keyCode` of a key that an input method handles, in browsers without `isComposing`. */
const HANDLED_BY_INPUT_METHOD = 229;

/**
 * Whether a key press sends the message: Enter, but not Shift+Enter, and not the Enter that ends a
 * syllable or picks a word while Korean, Japanese or Chinese text is composed.
 *
 * @param {KeyboardEvent} event a `keydown`
 * @returns {boolean}
 */
export function sendsMessage(event) {
  if (event.key !== "Enter" || event.shiftKey || event.altKey) return false;
  return !isComposed(event);
}

/**
 * Whether a key press is Escape, and not one that cancels a composition of the input method.
 *
 * @param {KeyboardEvent} event a `keydown`
 * @returns {boolean}
 */
export function isEscape(event) {
  return event.key === "Escape" && !isComposed(event);
}

function isComposed(event) {
  return event.isComposing || event.keyCode === HANDLED_BY_INPUT_METHOD;
}
