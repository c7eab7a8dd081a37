/** Saving the server's files, with a notice if that fails. */

import { ApiError } from "../shared/client.js";
import { notify } from "./notices.js";

/**
 * @param {import("../shared/files.js").FileContents} files
 * @param {string} fileId
 * @param {string} name
 */
export async function saveFile(files, fileId, name) {
  try {
    await files.save(fileId, name);
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    notify("downloadFailed");
  }
}
