/** A round mark with an assistant's first letter, in its colour. */

import { el } from "../../../shell/dom.js";

const COLOR = /^#[0-9a-f]{6}$/i;

/**
 * @param {{id: string, name: string|null, metadata?: Record<string, string>}} assistant
 * @returns {HTMLElement} skipped by screen readers
 */
export function avatar({ id, name, metadata }) {
  const letter = [...(name ?? "").trim()][0] ?? "?";
  const mark = el("span", { className: "avatar", "aria-hidden": "true" }, letter.toUpperCase());
  const color = metadata?.color;
  if (color && COLOR.test(color)) {
    mark.style.setProperty("--own", color);
    mark.classList.add(isLight(color) ? "on-light" : "on-dark");
  } else mark.classList.add(`hue-${[...id].reduce((sum, one) => sum + one.charCodeAt(0), 0) % 6}`);
  return mark;
}

/** @param {string} color as #rrggbb */
function isLight(color) {
  const [red, green, blue] = [1, 3, 5].map((at) => parseInt(color.slice(at, at + 2), 16));
  return red * 0.299 + green * 0.587 + blue * 0.114 > 150;
}
