/** One conversation: its messages, and what each answer took and cost. */

import { StepView } from "../../../shared/calls/call_view.js";
import { includes } from "../../../shared/calls/registry.js";
import { ApiError } from "../../../shared/client.js";
import { FileContents, saveText } from "../../../shared/files.js";
import { toolStep } from "../../../shared/turn.js";
import { confirm } from "../../../shell/dialogs.js";
import { el, languageOf } from "../../../shell/dom.js";
import { currentLanguage, say, words } from "../../../shell/speech.js";
import { fullTime, timeOf } from "../../../shell/times.js";
import { attempt } from "../../pieces/attempt.js";
import { chip, money } from "../../pieces/facts.js";
import { showFailure, showLoading } from "../../pieces/states.js";
import { actionButton, viewHead } from "../../pieces/view_head.js";

const PAGE = 100;

/**
 * @param {HTMLElement} container
 * @param {import("../../context.js").Context} context
 * @param {string} threadId
 */
export async function openOne(container, context, threadId) {
  const { client } = context;
  const back = { href: "#/conversations", name: "toConversations" };
  const body = el("div", { className: "conversation" });
  container.append(viewHead(context, { title: "conversations", back }), body);
  showLoading(body);
  try {
    const one = await client.get(`conversations/${threadId}`);
    const loaded = await loadPart(client, threadId, null);
    const own = one.preview || words("withoutQuestion");
    const actions = actionsOf(context, one);
    container.replaceChildren(viewHead(context, { own, back, actions }), body);
    body.replaceChildren();
    show(body, client, threadId, loaded);
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    showFailure(body, error, null);
  }
}

async function loadPart(client, threadId, after) {
  const query = { limit: PAGE, after };
  const [messages, runs, feedback] = await Promise.all([
    client.get(`threads/${threadId}/messages`, { query }),
    client.get(`conversations/${threadId}/runs`, { query: { limit: PAGE } }),
    client.get(`threads/${threadId}/feedback`, { query: { limit: PAGE } }),
  ]);
  const byId = (page) => new Map(page.data.map((one) => [one.id, one]));
  return { messages, runs: byId(runs), feedback: byId(feedback) };
}

/** Show the messages before those that are there. */
function show(body, client, threadId, { messages, runs, feedback }) {
  const shown = messages.data.toReversed().map((message) => {
    return messageView(client, message, runs.get(message.run_id), feedback.get(message.id));
  });
  body.prepend(...shown);
  if (!messages.has_more) return;
  const more = actionButton("secondary", "earlierMessages", async () => {
    const part = await attempt(loadPart(client, threadId, messages.last_id));
    if (!part) return;
    more.remove();
    show(body, client, threadId, part);
  });
  body.prepend(more);
}

function messageView(client, message, run, given) {
  const text = textOf(message);
  const who = message.role === "user" ? "asker" : "assistant";
  const facts = el("div", { className: "conversation-facts" });
  const steps = el("div", { className: "conversation-steps" });
  if (run) {
    const tokens = run.prompt_tokens + run.completion_tokens;
    const costs = Object.entries(run.costs).map(([currency, cost]) => money(cost, currency));
    const seconds = run.seconds?.toFixed(1);
    facts.append(
      seconds === undefined
        ? say(el("span"), "runFactsUnknown", { tokens })
        : say(el("span"), "runFacts", { seconds, tokens }),
      ...costs.map((cost) => el("span", {}, cost)),
    );
    if (run.found_nothing) facts.append(chip("chip-danger", "nothingFoundFlag"));
    if (["failed", "expired", "incomplete"].includes(run.status)) {
      facts.append(chip("chip-danger", "failedFlag"));
    }
    const button = actionButton("secondary", "conversationSteps", async () => {
      if (await attempt(showSteps(client, message.thread_id, run.id, steps))) button.remove();
    });
    facts.append(button);
  }
  if (given) {
    const [kind, name] = given.rating === "up" ? ["chip-accent", "countUp"] : ["chip-danger", "countDown"];
    facts.append(chip(kind, name, { count: 1 }));
  }
  const comment = given?.comment
    ? say(el("p", { className: "conversation-comment" }), "commentGiven", { comment: given.comment })
    : null;
  return el(
    "article",
    { className: `conversation-message ${message.role}` },
    el("h2", {}, say(el("span"), who), " ", timeOf(message.created_at)),
    el("div", { className: "conversation-text", dir: "auto", lang: languageOf(text) }, text),
    comment,
    facts,
    steps,
  );
}

async function showSteps(client, threadId, runId, place) {
  const query = { order: "asc", limit: PAGE, "include[]": includes() };
  const page = await client.get(`threads/${threadId}/runs/${runId}/steps`, { query });
  const texts = { t: words, language: currentLanguage };
  const files = new FileContents(client);
  for (const step of page.data.map(toolStep).filter(Boolean)) {
    const view = new StepView({ files, ...texts });
    view.show(step);
    place.append(view.element);
  }
  if (!place.childNodes.length) place.append(say(el("p", { className: "muted" }), "conversationNoSteps"));
  return true;
}

/** @param {import("../../context.js").Context} context */
function actionsOf(context, one) {
  const { client, mayWrite } = context;
  const save = (kind) => attempt(exported(client, one, kind));
  const removed = async (work) => {
    const answer = await attempt(work);
    if (!answer) return;
    context.notices.announce("conversationDeleted", { count: answer.count ?? 1 });
    context.go("#/conversations");
  };
  const remove = async () => {
    const [title, text] = ["deleteConversationTitle", "deleteConversationText"];
    if (!(await confirm({ title, text, yes: "delete" }))) return;
    await removed(client.delete(`threads/${one.id}`));
  };
  const removeVisitor = async () => {
    const [title, text] = ["deleteVisitorTitle", "deleteVisitorText"];
    if (!(await confirm({ title, text, yes: "delete" }))) return;
    await removed(client.delete(`threads?visitor_id=${encodeURIComponent(one.visitor_id)}`));
  };
  const answer = () => context.go(`#/handovers/${one.id}`);
  return [
    mayWrite ? actionButton("primary", "openHandover", answer) : null,
    actionButton("secondary", "asText", () => save("text")),
    actionButton("secondary", "asJson", () => save("json")),
    mayWrite ? actionButton("danger", "deleteConversation", remove) : null,
    mayWrite && one.visitor_id ? actionButton("danger", "deleteVisitor", removeVisitor) : null,
  ];
}

async function exported(client, one, kind) {
  const messages = [];
  let after = null;
  do {
    const query = { order: "asc", limit: PAGE, after };
    const page = await client.get(`threads/${one.id}/messages`, { query });
    messages.push(...page.data);
    after = page.has_more ? page.last_id : null;
  } while (after);
  if (kind === "json") {
    const text = `${JSON.stringify({ conversation: one, messages }, null, 2)}\n`;
    saveText(`${one.id}.json`, text, "application/json");
    return;
  }
  const sections = messages.map((message) => {
    const who = words(message.role === "user" ? "asker" : "assistant");
    return `${who} · ${fullTime(message.created_at)}\n${textOf(message)}`;
  });
  saveText(`${one.id}.txt`, `${sections.join("\n\n")}\n`, "text/plain;charset=utf-8");
}

function textOf({ content }) {
  return content.map((part) => part.text?.value ?? part.refusal ?? `[${part.type}]`).join("\n\n");
}
