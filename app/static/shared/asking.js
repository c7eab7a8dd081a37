/** API calls that send a turn's question, and that find it again on the server. */

import { includes } from "./calls/registry.js";
import { ApiError } from "./client.js";
import { questionOf } from "./history.js";
import { answerMessage, applyRun, isUnderWay, toolStep } from "./turn.js";

/**
 * @typedef {{run: object, thread: object}} Trial fields of a run, and of a thread that it creates
 */

/** How many threads are searched for a question that may have arrived. */
const THREADS_SEARCHED = 3;
/** Steps of a run that are shown. */
const MOST_STEPS = 100;

/**
 * Ask with `POST /chat`, which sessions may use too; sets the turn's thread and run.
 *
 * @param {import("./client.js").ApiClient} client
 * @param {import("./turn.js").Turn} turn
 * @throws {ApiError}
 */
export async function chat(client, turn) {
  const body = {
    message: asked(turn).text,
    thread_id: turn.threadId,
    assistant_id: turn.assistantId,
    metadata: { client_turn_id: turn.key },
    stream: true,
  };
  const response = await client.fetch("POST", "chat", { body });
  turn.threadId = response.headers.get("x-thread-id");
  turn.runId = response.headers.get("x-run-id");
  // A person answers in the assistant's place: the question was delivered, and there is no run.
  if (!turn.runId) Object.assign(turn, { status: "completed", stored: true });
  // The run's own event stream has more (its steps) and can be resumed: the caller follows that.
  await response.body?.cancel();
}

/**
 * Ask by creating a run, which questions with files need. One call, so that it fails as a whole.
 *
 * @param {import("./client.js").ApiClient} client
 * @param {import("./turn.js").Turn} turn if its `threadId` is null, a thread is created
 * @param {{tools?: Array<{type: string}>, needed?: string[], interrupting?: boolean,
 *   trial?: Trial|null}} options
 *   `tools`: the assistant's; `needed`: types of the tools that the thread's files are for;
 *   `interrupting`: whether to interrupt the thread's active run
 *   `trial`: what a trial of unpublished changes sends with the run, and for a new thread
 * @returns {Promise<Response>} an open stream of the run's events
 * @throws {ApiError}
 */
export function run(client, turn, { tools = [], needed = [], interrupting = false, trial = null }) {
  /** @type {import("./api.d.ts").ApiObject} */
  const body = {
    ...trial?.run,
    assistant_id: turn.assistantId ?? undefined,
    metadata: { client_turn_id: turn.key },
    stream: true,
  };
  const lacking = needed.filter((type) => !tools.some((tool) => tool.type === type));
  if (lacking.length) body.tools = [...tools, ...lacking.map((type) => ({ type }))];
  const messages = turn.stored ? [] : [messageOf(turn)];
  if (turn.threadId === null) {
    return client.fetch("POST", "threads/runs", { body: { ...body, thread: { ...trial?.thread, messages } } });
  }
  // As `POST /chat` does: interrupt a run that waits for its client, queue after others.
  body.if_busy = interrupting ? "interrupt" : "enqueue";
  if (messages.length) body.additional_messages = messages;
  return client.fetch("POST", `threads/${turn.threadId}/runs`, { body });
}

/**
 * Cancel a turn's run; does nothing if the run has already ended.
 *
 * @throws {ApiError}
 */
export async function cancel(client, turn) {
  await unless([400, 404], client.post(`threads/${turn.threadId}/runs/${turn.runId}/cancel`));
}

/**
 * Allow or refuse the calls that a turn's run asks about; does nothing if that was done elsewhere.
 *
 * @param {import("./client.js").ApiClient} client
 * @param {import("./turn.js").Turn} turn
 * @param {Record<string, boolean>} verdicts by the calls' ids
 * @throws {ApiError}
 */
export async function answerCalls(client, turn, verdicts) {
  const outputs = Object.entries(verdicts).map(([id, approved]) => {
    return { tool_call_id: id, output: JSON.stringify({ approved }) };
  });
  const path = `threads/${turn.threadId}/runs/${turn.runId}/submit_tool_outputs`;
  await unless([400], client.post(path, { tool_outputs: outputs }));
}

/**
 * Delete a message; does nothing if it no longer exists.
 *
 * @throws {ApiError}
 */
export async function remove(client, turn, messageId) {
  await unless([404], client.delete(`threads/${turn.threadId}/messages/${messageId}`));
}

/**
 * After a connection was lost before the response: find out whether the question arrived. If it
 * did, set the turn's thread, and its run unless that must be started again.
 *
 * @param {import("./client.js").ApiClient} client
 * @param {import("./turn.js").Turn} turn
 * @throws {ApiError}
 */
export async function lookForQuestion(client, turn) {
  for (const threadId of await candidates(client, turn)) {
    const page = await client.get(`threads/${threadId}/messages`, { query: { limit: 5 } });
    const found = page.data.find((one) => one.metadata?.client_turn_id === turn.key);
    if (!found) continue;
    turn.threadId = threadId;
    turn.stored = true;
    asked(turn).id = found.id;
    const runs = await client.get(`threads/${threadId}/runs`, { query: { limit: 1 } });
    const [newest] = runs.data;
    const begun = newest?.metadata.client_turn_id === turn.key;
    if (begun && !["failed", "expired", "cancelled"].includes(newest.status)) {
      turn.runId = newest.id;
    }
    return;
  }
}

/**
 * @param {import("./client.js").ApiClient} client
 * @param {import("./turn.js").Turn} turn
 * @returns {Promise<string|null>} message id of the turn's question
 * @throws {ApiError}
 */
export async function questionId(client, turn) {
  const question = asked(turn);
  if (question.id) return question.id;
  const path = `threads/${turn.threadId}/messages`;
  const page = await client.get(path, { query: { limit: 20 } });
  const mine = page.data.find((message) => message.role === "user");
  question.id = mine ? questionOf(mine).id : null;
  return question.id;
}

/**
 * Update a turn from its run's stored status, and if the run has ended, from its messages.
 *
 * @param {import("./client.js").ApiClient} client
 * @param {import("./turn.js").Turn} turn
 * @param {AbortSignal} signal
 * @throws {ApiError}
 */
export async function look(client, turn, signal) {
  const path = `threads/${turn.threadId}`;
  const stored = await client.get(`${path}/runs/${turn.runId}`, { signal });
  applyRun(turn, stored);
  if (isUnderWay(turn)) return;
  const query = { run_id: turn.runId, order: "asc", limit: 100 };
  const page = await client.get(`${path}/messages`, { query, signal });
  turn.items = page.data.map(answerMessage);
  turn.mayHaveSteps = stored.tools.length > 0;
}

async function candidates(client, turn) {
  if (turn.threadId) return [turn.threadId];
  try {
    const page = await client.get("threads", { query: { limit: THREADS_SEARCHED } });
    return page.data.map((thread) => thread.id);
  } catch (error) {
    if (error instanceof ApiError && [404, 405].includes(error.status)) return [];
    throw error;
  }
}

/**
 * @param {import("./turn.js").Turn} turn
 * @returns {import("./turn.js").Question}
 */
function asked({ question }) {
  if (!question) throw new Error("A turn without a question can't be asked.");
  return question;
}

function messageOf(turn) {
  const { text, files, images } = asked(turn);
  const parts = images.map((image) => ({ type: "image_file", image_file: { file_id: image.id } }));
  const attached = [...files, ...images].filter((file) => file.tools?.length);
  return {
    role: "user",
    content: parts.length ? [...(text ? [{ type: "text", text }] : []), ...parts] : text,
    attachments: attached.map(({ id, tools }) => {
      return { file_id: id, tools: tools?.map((type) => ({ type })) };
    }),
    metadata: { client_turn_id: turn.key },
  };
}

async function unless(statuses, call) {
  try {
    await call;
  } catch (error) {
    if (!(error instanceof ApiError) || !statuses.includes(error.status)) throw error;
  }
}

/**
 * @param {import("./client.js").ApiClient} client
 * @param {import("./turn.js").Turn} turn
 * @returns {Promise<import("./turn.js").ToolStep[]>} its tool steps, with search results
 */
export async function toolSteps(client, turn) {
  const query = { order: "asc", limit: MOST_STEPS, "include[]": includes() };
  const path = `threads/${turn.threadId}/runs/${turn.runId}/steps`;
  const page = await client.get(path, { query });
  return page.data.map(toolStep).filter(Boolean);
}
