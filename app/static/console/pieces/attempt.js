/** Calls whose failure is shown as a notice. */

import { ApiError } from "../../shared/client.js";
import { notifyError } from "../../shell/notices.js";

/**
 * @template T
 * @param {Promise<T>} work
 * @returns {Promise<T|null>} null if the API refused, which the reader was shown
 */
export async function attempt(work) {
  try {
    return await work;
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    notifyError(error);
    return null;
  }
}
