/** Charts by day. The library draws on a canvas; it is loaded when the first chart is shown. */

import { el } from "../../../shell/dom.js";
import { currentLanguage, onLanguage, words } from "../../../shell/speech.js";

/**
 * @typedef {object} Line
 * @property {() => string} label in the current language
 * @property {Array<number|null>} values one for each day; null: nothing was measured
 */
/**
 * @typedef {object} Chart
 * @property {number[]} days in seconds since 1970
 * @property {Line[]} lines
 * @property {(value: number) => string} format of a value in the legend
 */

const DAY = 86_400;
const HEIGHT = 180;
const COLOURS = 6;
/** Lines differ in their dashes too, for those who see few colours. */
const DASHES = [[], [7, 4], [2, 3], [10, 3, 2, 3], [14, 4], [4, 2]];

/** @type {Promise<any>|null} */
let loading = null;
/** @type {Set<() => void>} what draws the charts that are shown in other colours or words */
const shown = new Set();

onLanguage(drawAll);
window.matchMedia("(prefers-color-scheme: dark)").addEventListener("change", drawAll);
new MutationObserver(drawAll).observe(document.documentElement, { attributeFilter: ["data-theme"] });

function drawAll() {
  for (const redraw of shown) redraw();
}

/** @returns {Promise<any>} the library, with its styles */
function library() {
  loading ??= Promise.all([import("../../../vendor/uplot.js"), styles()])
    .then(([{ default: Plot }]) => Plot)
    .catch((error) => {
      loading = null;
      throw error;
    });
  return loading;
}

function styles() {
  return new Promise((resolve, reject) => {
    const link = el("link", { rel: "stylesheet", href: "static/vendor/uplot.css" });
    link.addEventListener("load", resolve);
    link.addEventListener("error", () => {
      link.remove();
      reject(new Error("The charts' styles could not be loaded."));
    });
    document.head.append(link);
  });
}

/**
 * Draw charts, until they are removed from the page.
 *
 * @param {Map<HTMLElement, Chart>} charts by their places, which are in the page
 * @returns {Promise<() => void>} forgets them
 */
export async function draw(charts) {
  const Plot = await library();
  const closers = [...charts].map(([place, chart]) => drawOne(Plot, place, chart));
  return () => closers.forEach((close) => close());
}

function drawOne(Plot, place, chart) {
  let plot = null;
  const redraw = () => {
    plot?.destroy();
    const { days, lines } = chart;
    plot = new Plot(optionsOf(Plot, place, chart), [days, ...lines.map(({ values }) => values)]);
    place.replaceChildren(plot.root);
  };
  const sizes = new ResizeObserver(() => {
    if (plot && place.clientWidth && plot.width !== place.clientWidth) {
      plot.setSize({ width: place.clientWidth, height: HEIGHT });
    }
  });
  redraw();
  sizes.observe(place);
  shown.add(redraw);
  return () => {
    sizes.disconnect();
    shown.delete(redraw);
    plot?.destroy();
  };
}

function optionsOf(Plot, place, { lines, days, format }) {
  const colour = coloursIn(place);
  const { fontFamily } = getComputedStyle(place);
  const axis = {
    font: `12px ${fontFamily}`,
    stroke: colour("--muted"),
    grid: { stroke: colour("--line"), width: 1 },
    ticks: { show: false },
  };
  const series = lines.map(({ label }, number) => {
    const stroke = colour(`--chart-${(number % COLOURS) + 1}`);
    return {
      label: label(),
      stroke,
      width: 2,
      dash: DASHES[number % COLOURS],
      points: { show: days.length < 20, size: 5, fill: stroke },
      value: (_plot, value) => (value === null ? "–" : format(value)),
    };
  });
  return {
    width: place.clientWidth,
    height: HEIGHT,
    tzDate: (seconds) => Plot.tzDate(new Date(seconds * 1000), "Etc/UTC"),
    cursor: { drag: { x: false, y: false }, points: { size: 7 } },
    legend: { live: true },
    scales: { y: { range: (_plot, _min, max) => [0, max > 0 ? max * 1.08 : 1] } },
    axes: [
      { ...axis, size: 30, space: 64, incrs: [1, 2, 7, 14, 28, 56].map((count) => count * DAY),
        values: (_plot, splits) => splits.map((seconds) => day(seconds, false)) },
      { ...axis, size: 52, space: 34, values: (_plot, splits) => splits.map(short) },
    ],
    series: [
      {
        label: words("numberDate"),
        value: (_plot, seconds) => (seconds === null ? "–" : day(seconds, true)),
      },
      ...series,
    ],
  };
}

/** @param {HTMLElement} place */
function coloursIn(place) {
  const probe = el("span");
  place.replaceChildren(probe);
  return (/** @type {string} */ name) => {
    probe.style.color = `var(${name})`;
    return getComputedStyle(probe).color;
  };
}

/**
 * @param {number} seconds
 * @param {boolean} weekday
 */
function day(seconds, weekday) {
  /** @type {Intl.DateTimeFormatOptions} */
  const options = { month: "short", day: "numeric", timeZone: "UTC" };
  if (weekday) options.weekday = "short";
  return new Intl.DateTimeFormat(currentLanguage(), options).format(seconds * 1000);
}

/** @param {number} value */
function short(value) {
  /** @type {Intl.NumberFormatOptions} */
  const options = { notation: "compact", maximumSignificantDigits: 3 };
  return new Intl.NumberFormat(currentLanguage(), options).format(value);
}
