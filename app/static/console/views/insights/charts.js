/** What the charts show of a report: each number by day, together or by assistant. */

import { el } from "../../../shell/dom.js";
import { say, words } from "../../../shell/speech.js";
import { money } from "../../pieces/facts.js";
import { count, time } from "./formats.js";
import { draw } from "./plotting.js";

const DAY_MS = 86_400_000;
/** More lines than this are hard to distinguish. */
const MOST_LINES = 6;
const seconds = (value) => `${time(value)} s`;

/**
 * @typedef {Record<string, any>} Report
 * @typedef {object} Numbers a chart
 * @property {string} title name of its text
 * @property {Array<[string, (one: Report) => number|null]>} lines names of their texts,
 *   and what they show of a day; by assistant, only the first is shown
 * @property {(value: number) => string} [format] of a value
 * @property {null} [empty] what a day without anything has, instead of 0
 */
/** @type {Numbers[]} */
const CHARTS = [
  { title: "numberConversations", lines: [["numberConversations", (one) => one.conversations]] },
  { title: "numberVisitors", lines: [["numberVisitors", (one) => one.visitors]] },
  { title: "numberAnswers", lines: [["numberAnswers", (one) => one.answers]] },
  {
    title: "chartRatings",
    lines: [["numberUp", (one) => one.thumbs_up], ["numberDown", (one) => one.thumbs_down]],
  },
  {
    title: "chartTrouble",
    lines: [["numberFailures", (one) => one.failures], ["numberNothing", (one) => one.nothing_found]],
  },
  {
    title: "chartResponse",
    lines: [["chartMedian", (one) => one.response.median], ["chartP95", (one) => one.response.p95]],
    format: seconds,
    empty: null,
  },
  {
    title: "numberTokens",
    lines: [
      ["chartTokens", (one) => one.prompt_tokens + one.completion_tokens],
      ["chartAnswerTokens", (one) => one.completion_tokens],
    ],
  },
];

/**
 * @param {Report} report
 * @param {boolean} byAssistant
 * @param {(id: string) => string} nameOf an assistant
 * @param {AbortSignal} closed
 * @returns {HTMLElement}
 */
export function chartsOf(report, byAssistant, nameOf, closed) {
  const element = el("div", { className: "insight-charts" });
  const days = daysOf(report.start_date, report.end_date);
  const busiest = byAssistant ? busiestOf(report.data) : [];
  const places = new Map();
  for (const { title, lines, format = count, empty = 0 } of [...CHARTS, ...costCharts(report)]) {
    const place = el("div", { className: "insight-chart" });
    const figure = el("figure", { className: "box" }, caption(title, lines, byAssistant), place);
    const heading = /** @type {HTMLElement} */ (figure.firstChild);
    heading.id = `insight-chart-${places.size}`;
    place.setAttribute("role", "img");
    place.setAttribute("aria-labelledby", heading.id);
    element.append(figure);
    const read = lines[0][1];
    const drawn = byAssistant
      ? busiest.map((id) => line(() => nameOf(id), rowsOf(report.data, id), read, days, empty))
      : lines.map(([name, get]) => line(() => words(name), report.days, get, days, empty));
    places.set(place, { days: days.map((day) => Date.parse(day) / 1000), format, lines: drawn });
  }
  show(element, places, closed);
  return element;
}

/** Draw them once they are in the page: their width is that of their places. */
async function show(element, places, closed) {
  try {
    const forget = await draw(places);
    if (closed.aborted) forget();
    else closed.addEventListener("abort", forget);
  } catch {
    // The table below has the same numbers.
    element.replaceChildren(say(el("p", { className: "muted", role: "alert" }), "noCharts"));
  }
}

function caption(title, lines, byAssistant) {
  const shown = say(el("figcaption", {}), title);
  if (byAssistant && lines.length > 1) {
    shown.replaceChildren(say(el("span"), title), " · ", say(el("span"), lines[0][0]));
    delete shown.dataset.text;
  }
  return shown;
}

/**
 * @param {Report} report
 * @returns {Numbers[]} one for each currency
 */
function costCharts({ total }) {
  return Object.keys(total.costs).map((currency) => ({
    title: "numberCost",
    lines: [["numberCost", (one) => one.costs[currency] ?? 0]],
    format: (value) => money(value, currency),
  }));
}

function busiestOf(data) {
  const answers = new Map();
  for (const one of data) {
    answers.set(one.assistant_id, (answers.get(one.assistant_id) ?? 0) + one.answers);
  }
  const sorted = [...answers].toSorted(([, one], [, other]) => other - one);
  return sorted.slice(0, MOST_LINES).map(([id]) => id);
}

function rowsOf(data, id) {
  return data.filter(({ assistant_id: one }) => one === id);
}

function line(name, rows, get, days, empty) {
  const found = new Map(rows.map((one) => [one.date, get(one)]));
  return { label: name, values: days.map((day) => found.get(day) ?? empty) };
}

/** @returns {string[]} */
function daysOf(first, last) {
  const days = [];
  for (let day = Date.parse(first); day <= Date.parse(last); day += DAY_MS) {
    days.push(new Date(day).toISOString().slice(0, 10));
  }
  return days;
}
