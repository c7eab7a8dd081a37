// A conversation on the server: its turns, and answers while they are written.

import { ApiError, call } from "./api";
import { eventsOf } from "./events";

export interface Turn {
  role: "user" | "assistant";
  text: string;
}

// Identifies an answer that is being written; known before its first piece.
export interface Place {
  threadId: string;
  runId: string;
}

const RETRY_AFTER_MS = [500, 1000, 2000, 4000, 8000];

// Sends a message and yields the answer piece by piece. Resumes after a lost connection.
export async function* ask(
  message: string,
  threadId: string | null,
  begun: (place: Place) => void,
  signal: AbortSignal,
): AsyncGenerator<string> {
  const body = { message, thread_id: threadId, stream: true };
  const response = await call("/chat", { method: "POST", body, signal });
  const place = {
    threadId: response.headers.get("x-thread-id")!,
    runId: response.headers.get("x-run-id")!,
  };
  begun(place);
  let last = "0";
  try {
    for await (const { id, name, data } of eventsOf(response)) {
      last = id ?? last;
      if (name === "delta") yield JSON.parse(data).delta;
      if (name === "message") return;
      if (name === "error") throw failure(JSON.parse(data).error);
    }
  } catch (error) {
    if (!isLost(error, signal)) throw error;
  }
  yield* follow(place, signal, last);
}

// Yields the rest of an answer after the event `last`; "0" means from the beginning.
export async function* follow(
  { threadId, runId }: Place,
  signal: AbortSignal,
  last = "0",
): AsyncGenerator<string> {
  for (let tries = 0; ; ) {
    try {
      const headers = { "Last-Event-ID": last };
      const path = `/threads/${threadId}/runs/${runId}/events`;
      for await (const { id, name, data } of eventsOf(await call(path, { headers, signal }))) {
        last = id ?? last;
        tries = 0;
        if (name === "thread.message.delta") yield textOf(JSON.parse(data).delta.content);
        if (/^thread\.run\.(completed|incomplete|cancelled)$/.test(name)) return;
        if (/^thread\.run\.(failed|expired)$/.test(name))
          throw new ApiError(JSON.parse(data).last_error?.message ?? name, 502);
        if (name === "thread.run.requires_action")
          throw new ApiError("The assistant called a function that this page doesn't have.", 501);
        if (name === "error") throw failure(JSON.parse(data).error);
      }
    } catch (error) {
      if (!isLost(error, signal)) throw error;
    }
    if (tries === RETRY_AFTER_MS.length) throw new Error("The connection was lost.");
    const wait = RETRY_AFTER_MS[tries++];
    await new Promise((resolve) => setTimeout(resolve, wait));
    signal.throwIfAborted();
  }
}

// Stops the answer; the part written so far stays in the thread.
export async function stop({ threadId, runId }: Place): Promise<void> {
  await call(`/threads/${threadId}/runs/${runId}/cancel`, { method: "POST" });
}

// Returns the last hundred messages, leaving out the assistant's messages of the run `without`.
export async function turnsOf(threadId: string, without?: string): Promise<Turn[]> {
  const page = await (await call(`/threads/${threadId}/messages?limit=100`)).json();
  return page.data
    .filter((message: any) => !(message.role === "assistant" && message.run_id === without))
    .map((message: any) => ({ role: message.role, text: textOf(message.content) }))
    .reverse();
}

function textOf(content: any[]): string {
  return content.map((part) => part.text?.value ?? part.refusal ?? "").join("");
}

function failure(error: { message: string; code: string | null }): ApiError {
  return new ApiError(error.message, 503, error.code);
}

// Returns whether only the connection was lost, so that the run may still be continuing.
function isLost(error: unknown, signal: AbortSignal): boolean {
  if (signal.aborted) return false;
  return !(error instanceof ApiError) || error.code === "server_restarting";
}
