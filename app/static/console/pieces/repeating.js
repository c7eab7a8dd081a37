/** Work that is repeated for as long as something is shown. */

import { ApiError, pause } from "../../shared/client.js";

/** A page that nobody sees looks this many times less often. */
const HIDDEN = 3;

/**
 * Call `work` at once and then at intervals, one call at a time. A call that the API refuses is
 * made again at the next interval: the server may be restarting.
 *
 * @param {(signal: AbortSignal) => Promise<void>} work
 * @param {number} milliseconds
 * @param {AbortSignal} closed ends it
 */
export async function repeat(work, milliseconds, closed) {
  while (!closed.aborted) {
    try {
      await work(closed);
      await pause(document.hidden ? milliseconds * HIDDEN : milliseconds, closed);
    } catch (error) {
      if (closed.aborted) return;
      if (!(error instanceof ApiError)) throw error;
      await pause(milliseconds, closed).catch(() => {});
    }
  }
}
