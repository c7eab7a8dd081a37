/** Helpers to create and find elements. */

/**
 * @template {keyof HTMLElementTagNameMap} K
 * @param {K} tag
 * @param {Record<string, any>} [properties] set on the element: `on…` as listeners, names that the
 *   element doesn't have (such as those with a dash) as attributes; null and undefined are skipped
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
 * @param {string} text
 * @returns {string} `lang` for line breaks and screen readers: "ko" if it has Hangul, else ""
 */
export function languageOf(text) {
  return /[\uac00-\ud7a3]/.test(text) ? "ko" : "";
}

/**
 * @template {HTMLElement} [E=HTMLElement]
 * @param {string} id
 * @param {{new (): E}} [kind] class that the element must have, such as `HTMLDialogElement`
 * @returns {E} the page's element with this id
 */
export function byId(id, kind = /** @type {{new (): any}} */ (HTMLElement)) {
  const element = document.getElementById(id);
  if (!(element instanceof kind)) throw new Error(`This page has no ${kind.name} #${id}.`);
  return element;
}
