// A conversation for a component: what was said, whether an answer is being written, and how to
// send, stop and begin anew. It survives a reload, in the middle of an answer too.

import { useCallback, useEffect, useRef, useState } from "react";

import { ApiError } from "./api";
import { ask, follow, stop as cancel, turnsOf, type Place, type Turn } from "./conversation";

const KEY = "threadkeeper-place";
type Saved = Partial<Place>; // the run only while it writes

const load = (): Saved => JSON.parse(localStorage.getItem(KEY) ?? "{}");
const save = (saved: Saved) => localStorage.setItem(KEY, JSON.stringify(saved));

export function useThread() {
  const [turns, setTurns] = useState<Turn[]>([]);
  const [busy, setBusy] = useState(() => load().threadId !== undefined);
  const [error, setError] = useState<string | null>(null);
  const reading = useRef(new AbortController());
  const stopped = useRef(false);

  // Shows the pieces as the last turn's text, and then what the server has kept.
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
      // A stopped answer ends as a failed one does, but that is what was wanted.
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

  // Says something. Returns false where it did not arrive, and can be said again.
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
      // 400: it has just ended by itself, which is as good.
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

  // Begins where the page was left, with the answer that was being written.
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
        // Deleted meanwhile, or another visitor's: begin a new one.
        if (error instanceof ApiError && error.status === 404) save({});
        else setError(messageOf(error));
      }
      if (!current.signal.aborted) setBusy(false);
    };
    void resume();
    // Nobody reads any more; the answer is finished and kept all the same.
    return () => current.abort();
  }, [show]);

  return { turns, busy, error, send, stop, startOver };
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
