/** Keys, where an input method may take them for itself. */

/** `keyCode` of a key that an input method takes for itself, in browsers that say no more. */
const TAKEN_BY_INPUT_METHOD = 229;

/**
 * Tell whether a key press sends the message: Enter, but not Shift+Enter, and not the Enter that
 * ends a syllable or picks a word while Korean, Japanese or Chinese is composed.
 *
 * @param {KeyboardEvent} event a `keydown`
 * @returns {boolean}
 */
export function sendsMessage(event) {
  if (event.key !== "Enter" || event.shiftKey || event.altKey) return false;
  return !isComposed(event);
}

/**
 * Tell whether a key press is an Escape that is not the input method's, as one that gives up a
 * syllable is.
 *
 * @param {KeyboardEvent} event a `keydown`
 * @returns {boolean}
 */
export function isEscape(event) {
  return event.key === "Escape" && !isComposed(event);
}

function isComposed(event) {
  return event.isComposing || event.keyCode === TAKEN_BY_INPUT_METHOD;
}
