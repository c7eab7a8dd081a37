/** Creates elements; text is never parsed as HTML. */

import { drawing } from "../shared/svg.js";

const ICONS = {
  close: "M6 6l12 12M18 6L6 18",
  fresh: "M12 5v14M5 12h14",
  send: "M12 19V5M6 11l6-6 6 6",
  stop: "M8 8h8v8H8z",
  up: "M7 10v11H4V10h3zM7 10l4-7c1.7 0 2.5 1 2.5 2.5V9H19l1 1.5L18.5 19 17 21H7",
  down: "M17 14V3h3v11h-3zM17 14l-4 7c-1.7 0-2.5-1-2.5-2.5V15H5l-1-1.5L5.5 5 7 3h10",
};

/**
 * @template {keyof HTMLElementTagNameMap} K
 * @param {K} tag
 * @param {Record<string, any>} [properties] set on the element; `role` and names with a dash are
 *   attributes
 * @param {...(Node|string|null|undefined)} children
 * @returns {HTMLElementTagNameMap[K]}
 */
export function element(tag, properties = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (name.includes("-") || name === "role") made.setAttribute(name, value);
    else Object.assign(made, { [name]: value });
  }
  for (const child of children) if (child !== null && child !== undefined) made.append(child);
  return made;
}

/**
 * @param {"close"|"fresh"|"send"|"stop"|"up"|"down"} icon
 * @param {string} label its accessible name and tooltip
 * @param {Record<string, any>} [properties]
 * @returns {HTMLButtonElement}
 */
export function iconButton(icon, label, properties = {}) {
  const button = element("button", { type: "button", title: label, "aria-label": label });
  button.className = "icon";
  button.append(drawing(ICONS[icon]));
  return Object.assign(button, properties);
}
