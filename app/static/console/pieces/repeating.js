/** Work that is repeated for as long as something is shown. */

import { ApiError, pause } from "../../shared/client.js";

/** A page that nobody sees looks this many times less often, and at once when it is seen again. */
const HIDDEN = 6;

/**
 * Call `work` at once and then at intervals, one call at a time. A call that the API refuses is
 * made again at the next interval: the server may be restarting.
 *
 * @param {(signal: AbortSignal) => Promise<void>} work
 * @param {number|(() => number)} interval in milliseconds; a function is asked before each wait
 * @param {AbortSignal} closed ends it
 */
export async function repeat(work, interval, closed) {
  while (!closed.aborted) {
    try {
      await work(closed);
    } catch (error) {
      if (closed.aborted) return;
      if (!(error instanceof ApiError)) throw error;
    }
    await untilNext(typeof interval === "number" ? interval : interval(), closed);
  }
}

/**
 * @param {number} milliseconds
 * @param {AbortSignal} closed
 */
async function untilNext(milliseconds, closed) {
  const seen = new AbortController();
  const look = () => {
    if (!document.hidden) seen.abort();
  };
  document.addEventListener("visibilitychange", look);
  const wait = document.hidden ? milliseconds * HIDDEN : milliseconds;
  // It is rejected only because one of these signals ended the wait.
  await pause(wait, AbortSignal.any([closed, seen.signal])).catch(() => {});
  document.removeEventListener("visibilitychange", look);
}
