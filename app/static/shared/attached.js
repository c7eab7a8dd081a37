/** Which tools the files attached to a thread's messages are for. Pure. */

import { attachmentTools } from "./calls/registry.js";

/**
 * @typedef {import("./turn.js").FileName} FileName
 *
 * @param {{text: string, files?: FileName[], images?: FileName[]}} asked
 * @param {Array<{type: string}>} listed tools of the assistant
 * @returns {import("./turn.js").Question} a question that is asked now, with each file's tools
 */
export function newQuestion({ text, files = [], images = [] }, listed) {
  const withTools = (/** @type {FileName} */ file, /** @type {boolean} */ isImage) => {
    const tools = file.tools ?? attachmentTools({ name: file.name ?? "", isImage }, listed);
    return { ...file, tools };
  };
  return {
    id: null,
    text,
    files: files.map((file) => withTools(file, false)),
    images: images.map((file) => withTools(file, true)),
    createdAt: Math.floor(Date.now() / 1000),
  };
}

/**
 * @param {import("./turn.js").Turn[]} turns
 * @returns {string[]} types of the tools that their files are for
 */
export function neededTools(turns) {
  const questions = turns.flatMap(({ question }) => question ?? []);
  const files = questions.flatMap((question) => [...question.files, ...question.images]);
  return [...new Set(files.flatMap(({ tools }) => tools ?? []))];
}
