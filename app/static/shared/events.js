/** Server-sent events over `fetch`, and following a run across lost connections. */

import { ApiError, pause } from "./client.js";

// Milliseconds.
const FIRST_WAIT = 500;
const LONGEST_WAIT = 8000;
/** Consecutive failures after which following a run ends with an error. */
const MOST_FAILURES = 8;

/** Parses text as it arrives into complete events, as the HTML standard defines them. */
export class EventParser {
  #line = "";
  #afterCarriageReturn = false;
  #id = "";
  #name = "";
  #data = [];

  /**
   * @param {string} text any piece of the stream
   * @returns {Array<{id: string, name: string, data: string}>}
   */
  feed(text) {
    const events = [];
    let rest = text;
    if (this.#afterCarriageReturn && rest) {
      // The line feed of a CRLF that was split across two pieces.
      if (rest.startsWith("\n")) rest = rest.slice(1);
      this.#afterCarriageReturn = false;
    }
    const ending = /\r\n|\r|\n/g;
    let start = 0;
    for (let found = ending.exec(rest); found; found = ending.exec(rest)) {
      this.#take(this.#line + rest.slice(start, found.index), events);
      this.#line = "";
      start = ending.lastIndex;
      this.#afterCarriageReturn = found[0] === "\r" && start === rest.length;
    }
    this.#line += rest.slice(start);
    return events;
  }

  #take(line, events) {
    if (line === "") {
      if (this.#data.length) {
        const data = this.#data.join("\n");
        events.push({ id: this.#id, name: this.#name || "message", data });
      }
      this.#name = "";
      this.#data = [];
      return;
    }
    const colon = line.indexOf(":");
    if (colon === 0) return;
    const field = colon < 0 ? line : line.slice(0, colon);
    const value = colon < 0 ? "" : line.slice(colon + 1).replace(/^ /, "");
    if (field === "event") this.#name = value;
    else if (field === "data") this.#data.push(value);
    else if (field === "id" && !value.includes("\0")) this.#id = value;
  }
}

/**
 * Read the events of a response's body. UTF-8 characters may be split across chunks.
 *
 * @param {Response} response
 * @yields {{id: string, name: string, data: string}}
 */
export async function* readEvents(response) {
  const reader = bodyOf(response).getReader();
  const decoder = new TextDecoder();
  const parser = new EventParser();
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      yield* parser.feed(decoder.decode(value, { stream: true }));
    }
  } finally {
    // Runs even if the caller leaves the loop early, to close the connection.
    reader.cancel().catch(() => {});
  }
}

/**
 * Follow a run until it ends or waits for its client, reconnecting after lost connections.
 *
 * @param {import("./client.js").ApiClient} client
 * @param {{threadId?: string, runId?: string, after?: number, response?: Response,
 *   signal?: AbortSignal, onConnection?: (connected: boolean) => void}} options
 *   `after`: id of the last known event; `response`: an open stream of this run (its first event
 *   names the run; its events have no ids, so after a lost connection all of them arrive again);
 *   `onConnection`: called with false when the connection is lost, with true when it is restored
 * @yields {{id: number, name: string, data: object}} the Assistants events, without `done`
 * @throws {ApiError} if there is no such run, or the server can't be reached again
 */
export async function* followRun(client, options) {
  const { signal, onConnection = () => {} } = options;
  const at = { threadId: options.threadId, runId: options.runId, after: options.after ?? 0 };
  /** @type {Response|null} */
  let response = options.response ?? null;
  let failures = 0;
  for (;;) {
    let requested = 0;
    try {
      const open = (response ??= await openEvents(client, at, signal));
      if (failures) onConnection(true);
      for await (const event of readEvents(open)) {
        if (event.name === "done") return;
        if (event.name === "error") break;
        failures = 0;
        yield read(event, at);
      }
    } catch (error) {
      if (signal?.aborted) throw error;
      if (error instanceof ApiError && !isTemporary(error)) throw error;
      // A rate limit says how long it lasts; retrying sooner would only use up the attempts.
      requested = error instanceof ApiError ? (error.retryAfter ?? 0) * 1000 : 0;
    }
    response = null;
    failures += 1;
    if (failures > MOST_FAILURES || !at.runId) {
      throw new ApiError({ message: "The connection was lost.", code: "unreachable" });
    }
    onConnection(false);
    const backoff = Math.min(FIRST_WAIT * 2 ** (failures - 1), LONGEST_WAIT);
    await pause(Math.max(requested, backoff), signal);
  }
}

function openEvents(client, { threadId, runId, after }, signal) {
  const headers = after ? { "last-event-id": String(after) } : {};
  return client.fetch("GET", `threads/${threadId}/runs/${runId}/events`, { headers, signal });
}

function read(event, at) {
  const data = JSON.parse(event.data);
  at.after = Number(event.id) || at.after;
  if (event.name.startsWith("thread.run.") && data.object === "thread.run") {
    at.runId = data.id;
    at.threadId = data.thread_id;
  }
  return { id: at.after, name: event.name, data };
}

function isTemporary(error) {
  return error.status === 0 || error.status === 429 || error.status >= 500;
}

/** @param {Response} response */
function bodyOf({ body }) {
  if (!body) throw new ApiError({ message: "The server sent nothing.", code: "unreachable" });
  return body;
}
