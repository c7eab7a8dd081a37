/** Which tools the files attached to a thread's messages are for. Pure. */

import { attachmentTools, hasRoom } from "./calls/registry.js";

/**
 * @typedef {import("./turn.js").FileName} FileName
 *
 * @param {{text: string, files?: FileName[], images?: FileName[]}} asked
 * @param {Array<{type: string}>} listed tools of the assistant
 * @param {import("./turn.js").Turn[]} turns the thread's earlier turns
 * @returns {import("./turn.js").Question} a question that is asked now, with each file's tools
 */
export function newQuestion({ text, files = [], images = [] }, listed, turns) {
  const taken = toolsOf(turns);
  const withTools = (/** @type {FileName} */ file, /** @type {boolean} */ isImage) => {
    const tools = file.tools ?? attachmentTools({ name: file.name ?? "", isImage }, listed);
    const free = tools.filter((type) => hasRoom(type, taken.filter((one) => one === type).length));
    // The model sees an image anyway. A file that no tool has room for is refused by the server.
    const chosen = free.length || isImage ? free : tools;
    taken.push(...chosen);
    return { ...file, tools: chosen };
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
 * @returns {string[]} types of the tools that their files are for, each once
 */
export function neededTools(turns) {
  return [...new Set(toolsOf(turns))];
}

/**
 * @param {import("./turn.js").Turn[]} turns
 * @returns {string[]} the types of the tools of each file
 */
function toolsOf(turns) {
  const questions = turns.flatMap(({ question }) => question ?? []);
  const files = questions.flatMap((question) => [...question.files, ...question.images]);
  return files.flatMap(({ tools }) => tools ?? []);
}
