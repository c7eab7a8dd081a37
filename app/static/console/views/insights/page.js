/** What assistants did by day, and the questions without a good answer. */

import { ApiError } from "../../../shared/client.js";
import { el } from "../../../shell/dom.js";
import { say } from "../../../shell/speech.js";
import { offerAssistants } from "../../pieces/facts.js";
import { Field } from "../../pieces/form.js";
import { showFailure, showLoading } from "../../pieces/states.js";
import { viewHead } from "../../pieces/view_head.js";
import { showNumbers } from "./numbers.js";
import { showQuestions } from "./questions.js";

const PERIODS = { 7: "last7Days", 30: "last30Days", 90: "last90Days", 365: "last365Days" };
const DAY_MS = 86_400_000;

/**
 * @param {HTMLElement} container
 * @param {import("../../context.js").Context} context
 * @returns {() => void}
 */
export function openInsights(container, context) {
  const options = Object.entries(PERIODS).map(([days, name]) => {
    return say(el("option", { value: days, selected: days === "30" }), name);
  });
  const period = el("select", {}, ...options);
  const assistant = el("select", {}, say(el("option", { value: "" }), "insightsAll"));
  const lines = el("select", {}, say(el("option", { value: "" }), "linesTogether"));
  lines.append(say(el("option", { value: "each" }), "linesByAssistant"));
  const fields = [
    new Field({ name: "period", label: "insightsPeriod", control: period }),
    new Field({ name: "assistant_id", label: "insightsAssistant", control: assistant }),
    new Field({ name: "lines", label: "insightsLines", control: lines }),
  ];
  const filters = el("div", { className: "filters" }, ...fields.map(({ element }) => element));
  const numbers = el("section", { className: "insight-numbers" });
  const questions = el("section", { className: "insight-questions" });
  const nameOf = (id) => [...assistant.options].find(({ value }) => value === id)?.text ?? id;
  // Closes the charts that are shown.
  let drawn = new AbortController();
  const showReport = (place, report) => {
    drawn.abort();
    drawn = new AbortController();
    const byAssistant = lines.value === "each";
    showNumbers(place, report, { byAssistant, nameOf, closed: drawn.signal });
  };
  const load = () => {
    const start = new Date(Date.now() - (Number(period.value) - 1) * DAY_MS);
    const query = { start_date: start.toISOString().slice(0, 10), assistant_id: assistant.value };
    fill(numbers, () => context.client.get("insights", { query }), showReport, load);
    const asked = () => context.client.get("insights/questions", { query });
    fill(questions, asked, (place, list) => showQuestions(place, list, context, asked), load);
  };
  filters.addEventListener("change", load);
  const head = viewHead(context, { title: "insights", text: "insightsText" });
  const title = say(el("h2"), "questionsTitle");
  const text = say(el("p", { className: "muted" }), "questionsText");
  container.append(head, filters, numbers, title, text, questions);
  // Their names are in the charts and the table too.
  offerAssistants(context, assistant).then(load);
  return () => drawn.abort();
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
