/** Short ways to make and find elements. */

/**
 * @template {keyof HTMLElementTagNameMap} K
 * @param {K} tag
 * @param {Record<string, any>} [properties] set on the element; `role` and names with a dash are
 *   attributes, `on…` are listeners, and null or undefined is left out
 * @param {...(Node|string|null|undefined)} children
 * @returns {HTMLElementTagNameMap[K]}
 */
export function el(tag, properties = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (value === null || value === undefined) continue;
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (name in element) Object.assign(element, { [name]: value });
    else element.setAttribute(name, value);
  }
  for (const child of children) if (child !== null && child !== undefined) element.append(child);
  return element;
}

/**
 * @param {string} text that somebody wrote
 * @returns {string} its language as far as that shows, for line breaks and for screen readers
 */
export function languageOf(text) {
  return /[\uac00-\ud7a3]/.test(text) ? "ko" : "";
}

/**
 * @template {HTMLElement} [E=HTMLElement]
 * @param {string} id
 * @param {{new (): E}} [kind] what it must be, such as `HTMLDialogElement`
 * @returns {E} the element of the page with this id
 */
export function byId(id, kind = /** @type {{new (): any}} */ (HTMLElement)) {
  const element = document.getElementById(id);
  if (!(element instanceof kind)) throw new Error(`This page has no ${kind.name} #${id}.`);
  return element;
}
