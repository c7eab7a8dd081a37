/** Icons as SVG elements: line drawings on a grid of 24 by 24. */

const SVG = "http://www.w3.org/2000/svg";

/**
 * @param {string} path the drawing, as the `d` of an SVG path
 * @returns {SVGSVGElement} an icon that screen readers skip
 */
export function drawing(path) {
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("viewBox", "0 0 24 24");
  svg.setAttribute("aria-hidden", "true");
  drawInto(svg, path);
  return svg;
}

/**
 * @param {Element} svg its content is replaced by the drawing
 * @param {string} path
 */
export function drawInto(svg, path) {
  const line = document.createElementNS(SVG, "path");
  line.setAttribute("d", path);
  svg.replaceChildren(line);
}
