/**
 * One turn of a conversation: a question, and what its run tells. Pure: events in, state out.
 *
 * @typedef {{value: string, annotations: object[]}} Part a piece of text with its citations
 * @typedef {{kind: "message", id: string, status: string, reason: string|null, parts: Part[],
 *   createdAt: number|null, metadata: Object<string, string>}} AnswerMessage `reason`: why it is
 *   incomplete; `createdAt` in seconds
 * @typedef {{kind: "step", id: string, status: string, calls: object[]}} ToolStep `calls` are the
 *   API's tool calls
 * @typedef {{id: string|null, text: string, images: Array<{id: string, name?: string}>,
 *   files: Array<{id: string, name?: string}>, createdAt: number|null}} Question
 * @typedef {object} Turn
 * @property {string} key names the turn; sent along as the message's metadata `client_turn_id`
 * @property {Question|null} question null: the assistant spoke unasked
 * @property {string|null} threadId
 * @property {string|null} runId
 * @property {string|null} assistantId
 * @property {"sending"|"working"|"stopping"|"completed"|"incomplete"|"stopped"|"waiting"|"failed"}
 *   status "waiting": for the outputs of functions that only the developer's program can call
 * @property {boolean} stored whether the question stands in its thread
 * @property {boolean} connected false while a lost connection is tried again
 * @property {Array<AnswerMessage|ToolStep>} items in the order in which they came
 * @property {boolean} mayHaveSteps whether steps of a past run may be worth asking for
 * @property {Array<{name: string, arguments: string}>} awaited calls a "waiting" turn waits for
 * @property {{status: number, code: string|null, message: string, retryAfter: number|null}|null}
 *   error set where it failed
 */

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

/** @returns {boolean} whether the turn's run has not come to an end */
export function isUnderWay(turn) {
  return UNDER_WAY.has(turn.status);
}

/** @returns {AnswerMessage[]} what the assistant said */
export function messagesOf(turn) {
  return turn.items.filter((item) => item.kind === "message");
}

/** @returns {boolean} whether the assistant said nothing */
export function isSilent(turn) {
  return !messagesOf(turn).some((message) => message.parts.some((part) => part?.value.trim()));
}

/** @returns {string} the whole answer as it was written, Markdown, without its citation marks */
export function answerText(turn) {
  const parts = messagesOf(turn).flatMap((message) => message.parts);
  return parts.map(withoutMarks).filter(Boolean).join("\n\n");
}

/**
 * Change a turn as one of its run's events says.
 *
 * @param {Turn} turn
 * @param {{name: string, data: object}} event an Assistants stream event
 */
export function applyEvent(turn, { name, data }) {
  if (name.startsWith("thread.run.step.")) applyStep(turn, name, data);
  else if (name.startsWith("thread.message.")) applyMessage(turn, name, data);
  else if (name.startsWith("thread.run.")) applyRun(turn, data);
}

/**
 * Take over where a run stands.
 *
 * @param {Turn} turn
 * @param {object} run the API's run
 */
export function applyRun(turn, run) {
  turn.runId = run.id;
  turn.threadId = run.thread_id;
  turn.assistantId = run.assistant_id;
  const status = RUN_STATUS[run.status] ?? "working";
  // What a stop was asked for says no other word until it has ended.
  if (!(turn.status === "stopping" && status === "working")) turn.status = status;
  if (status === "failed") {
    const { code: told = `run_${run.status}`, message = "" } = run.last_error ?? {};
    const filtered = messagesOf(turn).at(-1)?.reason === "content_filter";
    const code = filtered ? "content_filter" : told;
    turn.error = { status: 0, code, message, retryAfter: null };
  }
  const calls = run.required_action?.submit_tool_outputs.tool_calls ?? [];
  turn.awaited = calls.map((call) => call.function);
}

/**
 * @param {object} message the API's message of an assistant
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
    parts: (message.content ?? []).map(textPart),
  };
}

function applyMessage(turn, name, data) {
  if (name === "thread.message.delta") {
    const message = turn.items.find((item) => item.id === data.id);
    for (const delta of data.delta.content ?? []) addDelta(message?.parts ?? [], delta);
    return;
  }
  if (name === "thread.message.created") dropBrokenOff(turn);
  put(turn, answerMessage(data));
}

function addDelta(parts, delta) {
  const part = (parts[delta.index ?? 0] ??= { value: "", annotations: [] });
  const { value, annotations } = textPart(delta);
  part.value += value;
  part.annotations.push(...annotations);
}

function textPart(part) {
  if (part.type === "refusal") return { value: part.refusal ?? "", annotations: [] };
  return { value: part.text?.value ?? "", annotations: [...(part.text?.annotations ?? [])] };
}

function applyStep(turn, name, data) {
  if (name === "thread.run.step.delta") {
    const step = turn.items.find((item) => item.id === data.id);
    for (const delta of data.delta.step_details?.tool_calls ?? []) {
      if (step) addCallDelta(step.calls, delta);
    }
    return;
  }
  if (name === "thread.run.step.created") dropBrokenOff(turn);
  const step = toolStep(data);
  if (step) put(turn, step);
}

/**
 * @param {object} step the API's run step
 * @returns {ToolStep|null} null for a step that only wrote a message
 */
export function toolStep(step) {
  if (step.type !== "tool_calls") return null;
  const calls = structuredClone(step.step_details.tool_calls ?? []);
  return { kind: "step", id: step.id, status: step.status, calls };
}

function addCallDelta(calls, delta) {
  const call = (calls[delta.index] ??= { type: delta.type });
  if (delta.id) call.id = delta.id;
  if (delta.file_search) call.file_search = { ...call.file_search, ...delta.file_search };
  if (!delta.function) return;
  call.function ??= { name: "", arguments: "", output: null };
  call.function.name += delta.function.name ?? "";
  call.function.arguments += delta.function.arguments ?? "";
  call.function.output = delta.function.output ?? call.function.output;
}

/** A round that a server broke off is done again: half its answer is no part of the turn. */
function dropBrokenOff(turn) {
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
  // `randomUUID` is for secure contexts alone, and a server in a house may have plain HTTP.
  const bytes = crypto.getRandomValues(new Uint8Array(12));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
