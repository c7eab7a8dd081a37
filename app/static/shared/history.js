/** Turns a stored thread's messages into turns. Pure. */

import { answerMessage, applyRun, isUnderWay, messagesOf, newTurn, partOf } from "./turn.js";

/**
 * @typedef {import("./api.d.ts").Message} Message
 * @typedef {import("./api.d.ts").Run} Run
 */

const ENDED_WITHOUT_ANSWER = new Set(["failed", "expired", "cancelled", "requires_action"]);

/**
 * @param {Message[]} messages oldest first
 * @param {Run[]} runs newest first
 * @returns {import("./turn.js").Turn[]} if the last turn's run is in progress, so is the turn, and
 *   its items are empty: the run's events contain all of them
 */
export function turnsOf(messages, runs) {
  const known = new Map(runs.map((run) => [run.id, run]));
  const turns = [];
  for (const message of messages) {
    if (message.role === "user") turns.push(asked(message));
    else answered(turns, message, known);
  }
  const [newest] = runs;
  if (newest && turns.length) applyNewest(turns.at(-1), newest);
  return turns;
}

/**
 * @param {Message[]} messages oldest first
 * @param {import("./turn.js").Turn[]} turns
 * @returns {import("./turn.js").Turn[]} the messages that are in none of the turns
 */
export function missingTurns(messages, turns) {
  /** @type {Set<string|null|undefined>} */
  const known = new Set(turns.flatMap((turn) => [turn.key, turn.question?.id]));
  for (const { id } of turns.flatMap(messagesOf)) known.add(id);
  /** @param {Message} message */
  const isMissing = ({ id, metadata }) => !known.has(id) && !known.has(metadata?.client_turn_id);
  return turnsOf(messages.filter(isMissing), []);
}

/**
 * @param {Message} message a user's message
 * @returns {import("./turn.js").Question}
 */
export function questionOf(message) {
  const parts = message.content;
  const attached = new Map((message.attachments ?? []).map((one) => [one.file_id, toolsOf(one)]));
  const images = parts
    .filter((part) => part.type === "image_file")
    .map(({ image_file: { file_id: id } }) => ({ id, tools: attached.get(id) ?? [] }));
  for (const { id } of images) attached.delete(id);
  return {
    id: message.id,
    text: parts
      .filter((part) => part.type === "text")
      .map((part) => part.text.value)
      .join("\n\n"),
    images,
    files: [...attached].map(([id, tools]) => ({ id, tools })),
    others: parts.map(partOf).filter((part) => part.content && part.type !== "image_file"),
    createdAt: message.created_at,
  };
}

/** @returns {string[]} */
function toolsOf({ tools }) {
  return (tools ?? []).map(({ type }) => type);
}

function asked(message) {
  return newTurn({
    key: message.metadata?.client_turn_id ?? message.id,
    question: questionOf(message),
    threadId: message.thread_id,
    status: "completed",
    stored: true,
  });
}

function answered(turns, message, runs) {
  let turn = turns.at(-1);
  const another = turn?.items.length && turn.runId !== message.run_id;
  if (!turn || another) {
    turn = newTurn({ key: message.id, status: "completed", threadId: message.thread_id });
    turn.stored = true;
    turns.push(turn);
  }
  turn.runId = message.run_id;
  turn.assistantId = message.assistant_id;
  turn.items.push(answerMessage(message));
  const run = runs.get(message.run_id);
  turn.mayHaveSteps = Boolean(run?.tools.length);
  if (run && run.status === "incomplete") turn.status = "incomplete";
  else if (run && run.status === "cancelled") turn.status = "stopped";
}

/** Update the last turn from the newest run, if that run belongs to it. */
function applyNewest(turn, run) {
  const askedAt = turn.question?.createdAt ?? 0;
  const mine = turn.runId ? turn.runId === run.id : run.created_at >= askedAt;
  if (!mine) return;
  applyRun(turn, run);
  turn.mayHaveSteps = run.tools.length > 0 && !ENDED_WITHOUT_ANSWER.has(run.status);
  if (isUnderWay(turn)) turn.items = [];
}
