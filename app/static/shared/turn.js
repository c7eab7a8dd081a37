/**
 * One turn of a conversation: a question and the state of its run. Pure: events in, state out.
 *
 * @typedef {{type: string, value: string, annotations: Annotation[],
 *   content?: Record<string, any>}} Part a part of a message; `value` is its text or refusal;
 *   `content` is the API's object for any other type
 * @typedef {{type: string, text: string, start_index: number, end_index: number,
 *   file_citation?: {file_id: string}, file_path?: {file_id: string}}} Annotation
 * @typedef {{kind: "message", id: string, status: string, reason: string|null, parts: Part[],
 *   createdAt: number|null, metadata: Record<string, string>, feedback: Rated|null}} AnswerMessage
 *   `reason`: why it is incomplete; `createdAt` in seconds
 * @typedef {{rating: "up"|"down"|null, comment: string|null}} Rated what was said about an answer
 * @typedef {{kind: "step", id: string, status: string,
 *   calls: import("./calls/registry.js").Call[]}} ToolStep `calls` are the API's tool calls
 * @typedef {{id: string, name?: string, tools?: string[]}} FileName `tools`: types of the tools
 *   that an attached file is for
 * @typedef {{id: string|null, text: string, images: FileName[], files: FileName[], others?: Part[],
 *   createdAt: number|null}} Question `others`: parts that are neither text nor uploaded images
 * @typedef {{id: string, name: string, arguments: string, approval?: Record<string, string>}}
 *   Awaited `approval`: what a person reads before they allow the call
 * @typedef {object} Turn
 * @property {string} key identifies the turn; sent as the message's metadata `client_turn_id`
 * @property {Question|null} question null if the thread has no question before this answer
 * @property {string|null} threadId
 * @property {string|null} runId
 * @property {string|null} assistantId
 * @property {"sending"|"working"|"stopping"|"completed"|"incomplete"|"stopped"|"waiting"|"failed"}
 *   status "waiting": for the outputs of functions that only the developer's program can call, or
 *   for a person who allows the server's calls
 * @property {boolean} stored whether the question is in its thread
 * @property {boolean} connected false while reconnecting after a lost connection
 * @property {Array<AnswerMessage|ToolStep>} items in order of arrival
 * @property {boolean} mayHaveSteps whether a past run may have steps that are not loaded
 * @property {Awaited[]} awaited calls that it waits for
 * @property {{status: number, code: string|null, message: string, retryAfter: number|null}|null}
 *   error set if the turn failed
 */

import { accumulate, accumulateList } from "./accumulate.js";
import { reduceCall } from "./calls/registry.js";

/** @type {Record<string, Turn["status"]>} */
const RUN_STATUS = {
  queued: "working",
  in_progress: "working",
  requires_action: "waiting",
  cancelling: "stopping",
  cancelled: "stopped",
  failed: "failed",
  completed: "completed",
  incomplete: "incomplete",
  expired: "failed",
};
const UNDER_WAY = new Set(["sending", "working", "stopping"]);

/**
 * @param {Partial<Turn>} values
 * @returns {Turn}
 */
export function newTurn(values = {}) {
  return {
    key: newKey(),
    question: null,
    threadId: null,
    runId: null,
    assistantId: null,
    status: "sending",
    stored: false,
    connected: true,
    items: [],
    mayHaveSteps: false,
    awaited: [],
    error: null,
    ...values,
  };
}

/** @returns {boolean} whether the turn has not ended and doesn't wait for functions */
export function isUnderWay(turn) {
  return UNDER_WAY.has(turn.status);
}

/** @returns {AnswerMessage[]} the assistant's messages */
export function messagesOf(turn) {
  return turn.items.filter((item) => item.kind === "message");
}

/** @returns {boolean} whether the answer has nothing to show */
export function isSilent(turn) {
  return !messagesOf(turn).some((message) => message.parts.some(saysSomething));
}

/**
 * @param {Part|undefined} part
 * @returns {boolean} whether the part has something to show
 */
export function saysSomething(part) {
  return Boolean(part && (part.content || part.value.trim()));
}

/** @returns {string} the whole answer as Markdown, without citation marks */
export function answerText(turn) {
  const parts = messagesOf(turn).flatMap((message) => message.parts);
  return parts.map(withoutMarks).filter(Boolean).join("\n\n");
}

/**
 * Apply one of its run's events to a turn.
 *
 * @param {Turn} turn
 * @param {{name: string, data: any}} event an Assistants stream event
 */
export function applyEvent(turn, { name, data }) {
  if (name.startsWith("thread.run.step.")) applyStep(turn, name, data);
  else if (name.startsWith("thread.message.")) applyMessage(turn, name, data);
  else if (name.startsWith("thread.run.")) applyRun(turn, data);
}

/**
 * Apply a run's state to a turn.
 *
 * @param {Turn} turn
 * @param {import("./api.d.ts").Run} run
 */
export function applyRun(turn, run) {
  turn.runId = run.id;
  turn.threadId = run.thread_id;
  turn.assistantId = run.assistant_id;
  const status = RUN_STATUS[run.status] ?? "working";
  // A turn that is being stopped stays "stopping" until its run ends.
  if (!(turn.status === "stopping" && status === "working")) turn.status = status;
  if (status === "failed") {
    const { code: reported = `run_${run.status}`, message = "" } = run.last_error ?? {};
    const filtered = messagesOf(turn).at(-1)?.reason === "content_filter";
    const code = filtered ? "content_filter" : reported;
    turn.error = { status: 0, code, message, retryAfter: null };
  }
  /** @type {import("./calls/registry.js").Call[]} */
  const calls = run.required_action?.submit_tool_outputs.tool_calls ?? [];
  turn.awaited = calls.map(({ id, function: called, approval }) => {
    return approval ? { id, ...called, approval } : { id, ...called };
  });
}

/**
 * @param {import("./api.d.ts").Message} message of an assistant
 * @returns {AnswerMessage}
 */
export function answerMessage(message) {
  return {
    kind: "message",
    id: message.id,
    status: message.status,
    reason: message.incomplete_details?.reason ?? null,
    createdAt: message.created_at ?? null,
    metadata: message.metadata ?? {},
    feedback: null,
    parts: (message.content ?? []).map(partOf),
  };
}

function applyMessage(turn, name, data) {
  if (name === "thread.message.delta") {
    const message = turn.items.find((item) => item.id === data.id);
    for (const delta of data.delta.content ?? []) addDelta(message?.parts ?? [], delta);
    return;
  }
  if (name === "thread.message.created") dropInterrupted(turn);
  put(turn, answerMessage(data));
}

function addDelta(parts, delta) {
  const added = partOf(delta);
  const part = (parts[delta.index ?? 0] ??= { ...partOf({ type: delta.type }) });
  part.value += added.value;
  part.annotations.push(...added.annotations);
  if (part.content && added.content) accumulate(part.content, added.content);
}

/**
 * @param {Record<string, any>} part the API's, or a delta of one
 * @returns {Part}
 */
export function partOf({ index: _, ...part }) {
  const type = part.type ?? "text";
  if (type === "refusal") return { type, value: part.refusal ?? "", annotations: [] };
  if (type !== "text") return { type, value: "", annotations: [], content: part };
  // In a client's message, `text` may be a string.
  const { text = {} } = part;
  if (typeof text === "string") return { type, value: text, annotations: [] };
  return { type, value: text.value ?? "", annotations: [...(text.annotations ?? [])] };
}

function applyStep(turn, name, data) {
  if (name === "thread.run.step.delta") {
    const step = turn.items.find((item) => item.id === data.id);
    const deltas = data.delta.step_details?.tool_calls ?? [];
    if (step) accumulateList(step.calls, deltas, reduceCall);
    return;
  }
  if (name === "thread.run.step.created") dropInterrupted(turn);
  const step = toolStep(data);
  if (step) put(turn, step);
}

/**
 * @param {import("./api.d.ts").Step} step
 * @returns {ToolStep|null} null for a step that only wrote a message
 */
export function toolStep(step) {
  if (step.type !== "tool_calls") return null;
  const calls = structuredClone(step.step_details.tool_calls ?? []);
  return { kind: "step", id: step.id, status: step.status, calls };
}

/** An interrupted round is repeated, so its incomplete items are dropped. */
function dropInterrupted(turn) {
  turn.items = turn.items.filter((item) => item.status !== "incomplete");
}

function put(turn, item) {
  const place = turn.items.findIndex((known) => known.id === item.id);
  if (place < 0) turn.items.push(item);
  else turn.items[place] = item;
}

function withoutMarks({ value, annotations }) {
  const marks = annotations.filter((one) => one.type === "file_citation").map((one) => one.text);
  return marks.reduce((text, mark) => text.replaceAll(mark, ""), value).trim();
}

function newKey() {
  // `randomUUID` needs a secure context, and a server on a local network may use plain HTTP.
  const bytes = crypto.getRandomValues(new Uint8Array(12));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

/**
 * Mark a turn as failed.
 *
 * @param {Turn} turn
 * @param {import("./client.js").ApiError} error
 */
export function failTurn(turn, { status, code, message, retryAfter }) {
  const error = { status, code, message, retryAfter };
  Object.assign(turn, { status: "failed", connected: true, error });
}
