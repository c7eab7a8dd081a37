/** Icons by name: the shell's own, and those that a page adds. */

import { drawInto, drawing } from "../shared/svg.js";

/** @type {Record<string, string>} */
const PATHS = {
  logo: "M6 4h12M6 20h12M8 4v16M16 4v16M8 8l8 2M8 12l8 2M8 16l8 2",
  plus: "M12 5v14M5 12h14",
  menu: "M4 7h16M4 12h16M4 17h10",
  close: "M6 6l12 12M18 6L6 18",
  search: "M5 11a6 6 0 1 0 12 0a6 6 0 1 0 -12 0M20 20l-4.5-4.5",
  trash: "M5 7h14M10 4h4M7 7l1 13h8l1-13M10 11v5M14 11v5",
  copy:
    "M11 9h7a2 2 0 0 1 2 2v7a2 2 0 0 1 -2 2h-7a2 2 0 0 1 -2 -2v-7a2 2 0 0 1 2 -2zM5 15V6"
      + "a2 2 0 0 1 2-2h8",
  check: "M5 13l4 4 10-10",
  file: "M7 3h7l5 5v13H7zM14 3v5h5",
  download: "M12 4v11M7 11l5 5 5-5M5 20h14",
  chevron: "M9 6l6 6-6 6",
  light:
    "M8 12a4 4 0 1 0 8 0a4 4 0 1 0 -8 0M12 2v2M12 20v2M2 12h2M20 12h2M5 5l1.5 1.5M17.5 17.5"
      + "L19 19M5 19l1.5-1.5M17.5 6.5L19 5",
  dark: "M20 14a8 8 0 0 1-10-10 8 8 0 1 0 10 10z",
  language: "M3 12a9 9 0 1 0 18 0a9 9 0 1 0 -18 0M3 12h18M12 3c3 3 3 15 0 18M12 3c-3 3-3 15 0 18",
  leave: "M10 5H5v14h5M14 8l4 4-4 4M18 12H9",
  key: "M4 15a4 4 0 1 0 8 0a4 4 0 1 0 -8 0M11 12l8-8M16 7l3 3",
  warning: "M12 4l9 16H3zM12 10v4M12 17v.5",
};

/**
 * @param {Record<string, string>} paths by name; the `d` of an SVG path, on a grid of 24 by 24
 */
export function addIcons(paths) {
  Object.assign(PATHS, paths);
}

/**
 * @param {string} name
 * @returns {SVGSVGElement} an icon that screen readers skip
 */
export function icon(name) {
  const svg = drawing(pathOf(name));
  svg.setAttribute("class", "icon");
  svg.dataset.icon = name;
  return svg;
}

/** Draw the icons that the page's HTML names: `<svg class="icon" data-icon="plus" …>`. */
export function drawIcons() {
  for (const svg of document.querySelectorAll("svg[data-icon]")) {
    drawInto(svg, pathOf(/** @type {SVGElement} */ (svg).dataset.icon ?? ""));
  }
}

/** @param {string} name */
function pathOf(name) {
  const path = PATHS[name];
  if (path === undefined) throw new Error(`There is no icon named ${name}.`);
  return path;
}
