/** A report: its sums, its charts, and a table with all numbers. */

import { el } from "../../../shell/dom.js";
import { say } from "../../../shell/speech.js";
import { chartsOf } from "./charts.js";
import { costs, count, time } from "./formats.js";

/**
 * The columns: the names of their texts, and what they show of a day.
 *
 * @type {Array<[string, (one: Record<string, any>) => string]>}
 */
const COLUMNS = [
  ["numberConversations", (one) => count(one.conversations)],
  ["numberVisitors", (one) => count(one.visitors)],
  ["numberAnswers", (one) => count(one.answers)],
  ["numberUp", (one) => count(one.thumbs_up)],
  ["numberDown", (one) => count(one.thumbs_down)],
  ["numberFailures", (one) => count(one.failures)],
  ["numberNothing", (one) => count(one.nothing_found)],
  ["numberMedian", (one) => time(one.response.median)],
  ["numberP95", (one) => time(one.response.p95)],
  ["numberTokens", (one) => count(one.prompt_tokens + one.completion_tokens)],
  ["numberCost", (one) => costs(one.costs)],
];

/**
 * @param {HTMLElement} place
 * @param {Record<string, any>} report
 * @param {{byAssistant: boolean, nameOf: (id: string) => string, closed: AbortSignal}} options
 */
export function showNumbers(place, report, { byAssistant, nameOf, closed }) {
  const tiles = COLUMNS.map(([name, value]) => {
    const shown = el("dd", {}, value(report.total));
    return el("div", { className: "insight-tile" }, say(el("dt"), name), shown);
  });
  place.replaceChildren(
    el("dl", { className: "insight-tiles" }, ...tiles),
    chartsOf(report, byAssistant, nameOf, closed),
    tableOf(report, nameOf),
  );
}

/**
 * @param {Record<string, any>} report
 * @param {(id: string) => string} nameOf
 */
function tableOf({ data }, nameOf) {
  const head = el("tr", {}, column("numberDate"), column("insightsAssistant"));
  head.append(...COLUMNS.map(([name]) => column(name)));
  const rows = data.map((one) => {
    const day = el("th", { scope: "row" }, one.date);
    const cells = COLUMNS.map(([, value]) => el("td", {}, value(one)));
    return el("tr", {}, day, el("td", {}, nameOf(one.assistant_id)), ...cells);
  });
  const table = el("table", {}, say(el("caption", { id: "insights-by-day" }), "insightsByDay"));
  table.append(el("thead", {}, head), el("tbody", {}, ...rows));
  const scroller = el("div", { className: "insight-table", tabIndex: 0, role: "region" }, table);
  scroller.setAttribute("aria-labelledby", "insights-by-day");
  const summary = say(el("summary"), "insightsTable");
  return el("details", { className: "insight-details" }, summary, scroller);
}

function column(name) {
  return say(el("th", { scope: "col" }), name);
}
