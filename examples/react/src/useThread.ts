// A hook for one conversation: its turns, whether an answer is being written, and functions to send,
// stop and start over. It survives a reload, even in the middle of an answer.

import { useCallback, useEffect, useRef, useState } from "react";

import { ApiError } from "./api";
import { ask, follow, stop as cancel, turnsOf, type Place, type Turn } from "./conversation";

const KEY = "threadkeeper-place";
type Saved = Partial<Place>; // with the run only while it writes an answer

const load = (): Saved => JSON.parse(localStorage.getItem(KEY) ?? "{}");
const save = (saved: Saved) => localStorage.setItem(KEY, JSON.stringify(saved));

export function useThread() {
  const [turns, setTurns] = useState<Turn[]>([]);
  const [busy, setBusy] = useState(() => load().threadId !== undefined);
  const [error, setError] = useState<string | null>(null);
  const reading = useRef(new AbortController());
  const stopped = useRef(false);

  // Shows the pieces as the last turn's text, and finally the messages that the server stored.
  const show = useCallback(async (pieces: AsyncGenerator<string>, { signal }: AbortController) => {
    setBusy(true);
    setError(null);
    stopped.current = false;
    try {
      for await (const piece of pieces) {
        if (signal.aborted) return;
        setTurns((before) => [
          ...before.slice(0, -1),
          { ...before.at(-1)!, text: before.at(-1)!.text + piece },
        ]);
      }
    } catch (error) {
      if (signal.aborted) return;
      // A stopped answer ends like a failed one, but the user wanted that.
      if (!stopped.current) setError(messageOf(error));
    }
    if (signal.aborted) return;
    const { threadId } = load();
    save({ threadId });
    const kept = threadId ? await turnsOf(threadId).catch(() => null) : [];
    if (signal.aborted) return;
    if (kept) setTurns(kept);
    setBusy(false);
  }, []);

  // Sends a message. Returns false if it did not arrive and can be sent again.
  const send = useCallback(
    async (message: string): Promise<boolean> => {
      const { threadId } = load();
      let arrived = false;
      setTurns((before) => [
        ...before,
        { role: "user", text: message },
        { role: "assistant", text: "" },
      ]);
      const begun = (place: Place) => {
        arrived = true;
        save(place);
      };
      const { current } = reading;
      await show(ask(message, threadId ?? null, begun, current.signal), current);
      return arrived || current.signal.aborted;
    },
    [show],
  );

  const stop = useCallback(async () => {
    const { threadId, runId } = load();
    if (!threadId || !runId) return;
    stopped.current = true;
    try {
      await cancel({ threadId, runId });
    } catch (error) {
      // 400: the run has just ended by itself, which is fine.
      if (!(error instanceof ApiError && error.status === 400)) setError(messageOf(error));
    }
  }, []);

  const startOver = useCallback(() => {
    reading.current.abort();
    reading.current = new AbortController();
    save({});
    setTurns([]);
    setError(null);
    setBusy(false);
  }, []);

  // Restores the conversation after a reload, and resumes an unfinished answer.
  useEffect(() => {
    const current = (reading.current = new AbortController());
    const resume = async () => {
      const { threadId, runId } = load();
      if (!threadId) return;
      try {
        const kept = await turnsOf(threadId, runId);
        if (current.signal.aborted) return;
        setTurns(runId ? [...kept, { role: "assistant", text: "" }] : kept);
        if (runId) await show(follow({ threadId, runId }, current.signal), current);
      } catch (error) {
        if (current.signal.aborted) return;
        // The thread was deleted or belongs to another visitor: start a new one.
        if (error instanceof ApiError && error.status === 404) save({});
        else setError(messageOf(error));
      }
      if (!current.signal.aborted) setBusy(false);
    };
    void resume();
    // Only stops reading; the server finishes and stores the answer anyway.
    return () => current.abort();
  }, [show]);

  return { turns, busy, error, send, stop, startOver };
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
