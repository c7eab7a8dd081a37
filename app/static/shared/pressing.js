/** Finds the element that a click hit. */

/**
 * @param {Event} event
 * @param {string} selector
 * @returns {HTMLElement|null} the nearest element around the event's target that matches
 */
export function pressed(event, selector) {
  return event.target instanceof Element ? event.target.closest(selector) : null;
}
