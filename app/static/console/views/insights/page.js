/** Numbers by day in a table, and the questions without a good answer. */

import { ApiError } from "../../../shared/client.js";
import { el, languageOf } from "../../../shell/dom.js";
import { currentLanguage, say } from "../../../shell/speech.js";
import { chip, money, offerAssistants } from "../../pieces/facts.js";
import { Field } from "../../pieces/form.js";
import { showFailure, showLoading, showNothing } from "../../pieces/states.js";
import { actionButton, viewHead } from "../../pieces/view_head.js";
import { openAnswer } from "./answer.js";

const PERIODS = { 7: "last7Days", 30: "last30Days", 90: "last90Days" };
const DAY_MS = 86_400_000;
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
 * @param {HTMLElement} container
 * @param {import("../../context.js").Context} context
 */
export function openInsights(container, context) {
  const options = Object.entries(PERIODS).map(([days, name]) => {
    return say(el("option", { value: days, selected: days === "30" }), name);
  });
  const period = el("select", {}, ...options);
  const assistant = el("select", {}, say(el("option", { value: "" }), "insightsAll"));
  const fields = [
    new Field({ name: "period", label: "insightsPeriod", control: period }),
    new Field({ name: "assistant_id", label: "insightsAssistant", control: assistant }),
  ];
  const filters = el("div", { className: "filters" }, ...fields.map(({ element }) => element));
  const numbers = el("section", { className: "insight-numbers" });
  const questions = el("section", { className: "insight-questions" });
  const load = () => {
    const start = new Date(Date.now() - (Number(period.value) - 1) * DAY_MS);
    const query = { start_date: start.toISOString().slice(0, 10), assistant_id: assistant.value };
    const nameOf = (id) => [...assistant.options].find(({ value }) => value === id)?.text ?? id;
    const show = (place, list) => showNumbers(place, list, nameOf);
    fill(numbers, () => context.client.get("insights", { query }), show, load);
    const asked = () => context.client.get("insights/questions", { query });
    fill(questions, asked, (place, list) => showQuestions(place, list, context), load);
  };
  filters.addEventListener("change", load);
  const head = viewHead(context, { title: "insights", text: "insightsText" });
  const title = say(el("h2"), "questionsTitle");
  const text = say(el("p", { className: "muted" }), "questionsText");
  container.append(head, filters, numbers, title, text, questions);
  // Their names are in the table too.
  offerAssistants(context, assistant).then(load);
}

/** The newest load of each place; what an older one finds is not shown. */
const loads = new WeakMap();

async function fill(place, get, show, retry) {
  const current = {};
  loads.set(place, current);
  showLoading(place);
  try {
    const answer = await get();
    if (loads.get(place) === current) show(place, answer);
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    if (loads.get(place) === current) showFailure(place, error, retry);
  }
}

function showNumbers(place, { data, total }, nameOf) {
  const tiles = COLUMNS.map(([name, value]) => {
    return el("div", { className: "insight-tile" }, say(el("dt"), name), el("dd", {}, value(total)));
  });
  const head = el("tr", {}, column("numberDate"), column("insightsAssistant"));
  head.append(...COLUMNS.map(([name]) => column(name)));
  const rows = data.map((one) => {
    const day = el("th", { scope: "row" }, one.date);
    const cells = COLUMNS.map(([, value]) => el("td", {}, value(one)));
    return el("tr", {}, day, el("td", {}, nameOf(one.assistant_id)), ...cells);
  });
  const table = el("table", {}, say(el("caption"), "insightsByDay"), el("thead", {}, head));
  table.append(el("tbody", {}, ...rows));
  const scroller = el("div", { className: "insight-table", tabIndex: 0, role: "region" }, table);
  scroller.setAttribute("aria-labelledby", "insights-by-day");
  table.caption?.setAttribute("id", "insights-by-day");
  place.replaceChildren(el("dl", { className: "insight-tiles" }, ...tiles), scroller);
}

function showQuestions(place, { data }, context) {
  if (!data.length) {
    showNothing(place, { title: "noQuestions", text: "noQuestionsText" });
    return;
  }
  const rows = data.map((one) => el("li", {}, question(one, context)));
  place.replaceChildren(el("ul", { className: "rows" }, ...rows));
}

function question(one, context) {
  const links = one.examples.map(({ thread_id: id }, place) => {
    return say(el("a", { href: `#/conversations/${id}` }), "seeConversation", { number: place + 1 });
  });
  const write = () => openAnswer(context, one);
  return el(
    "div",
    { className: "conversation-row" },
    el("p", { className: "insight-question", dir: "auto", lang: languageOf(one.question) }, one.question),
    el(
      "div",
      { className: "conversation-facts" },
      chip("chip-accent", "countAsked", { count: one.count }),
      one.nothing_found ? chip("", "countNothing", { count: one.nothing_found }) : null,
      one.thumbs_down ? chip("", "countThumbsDown", { count: one.thumbs_down }) : null,
      ...links,
      context.mayWrite ? actionButton("secondary", "writeAnswer", write) : null,
    ),
  );
}

function column(name) {
  return say(el("th", { scope: "col" }), name);
}

function count(number) {
  return new Intl.NumberFormat(currentLanguage()).format(number);
}

function time(seconds) {
  return seconds === null ? "–" : seconds.toFixed(1);
}

function costs(given) {
  return Object.entries(given).map(([currency, cost]) => money(cost, currency)).join(", ") || "–";
}
