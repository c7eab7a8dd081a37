/** Small words for making elements. */

const SVG = "http://www.w3.org/2000/svg";

/**
 * @param {string} tag
 * @param {Object<string, any>} properties set on the element; `class`, `role` and `aria-…` are
 *   attributes, `on…` are listeners, and null or undefined is left out
 * @param {...(Node|string|null)} children
 * @returns {HTMLElement}
 */
export function el(tag, properties = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (value === null || value === undefined) continue;
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (name in element) element[name] = value;
    else element.setAttribute(name, value);
  }
  element.append(...children.filter((child) => child !== null && child !== undefined));
  return element;
}

/**
 * @param {string} name of a symbol in index.html, without `icon-`
 * @returns {SVGElement} an icon that screen readers pass over
 */
export function icon(name) {
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("class", "icon");
  svg.setAttribute("aria-hidden", "true");
  const use = document.createElementNS(SVG, "use");
  use.setAttribute("href", `#icon-${name}`);
  svg.append(use);
  return svg;
}

/**
 * @param {string} text that somebody wrote
 * @returns {string} its language as far as that shows, for line breaks and for screen readers
 */
export function languageOf(text) {
  return /[\uac00-\ud7a3]/.test(text) ? "ko" : "";
}

/**
 * @param {string} id
 * @returns {HTMLElement} the element of the page with this id
 */
export function byId(id) {
  return document.getElementById(id);
}
