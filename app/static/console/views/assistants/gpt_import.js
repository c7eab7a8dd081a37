/** Makes an assistant of a GPT: its actions first, then itself, then its files. */

import { ApiError } from "../../../shared/client.js";
import { upload } from "../../../shared/uploading.js";
import { createAction, nameIn } from "../../pieces/action_making.js";
import { Library } from "../../pieces/library.js";

/**
 * @typedef {{kind: "taken"|"left", text: string, values?: import(
 *   "../../../shared/language.js").Values, href?: string}} Line of the report; `text`: its name
 * @typedef {object} Wanted
 * @property {Record<string, any>} content of the assistant, without the tools of actions
 * @property {import("./gpt.js").GptAction[]} actions
 * @property {File[]} files
 */

const MOST_NAMES = 9;

/**
 * @param {import("../../../shared/client.js").ApiClient} client
 * @param {Wanted} wanted
 * @param {(text: string, values?: import("../../../shared/language.js").Values) => void} progress
 * @returns {Promise<{id: string, lines: Line[]}>} the assistant, and what happened to each part
 * @throws {ApiError} if the assistant was not made
 */
export async function importGpt(client, { content, actions, files }, progress) {
  /** @type {Line[]} */
  const lines = [];
  const tools = [...content.tools];
  for (const action of actions) {
    progress("gptMakesAction", { name: action.title || action.domain });
    tools.push(...(await addAction(client, action, lines)));
  }
  progress("gptMakesAssistant");
  const assistant = await client.post("assistants", { ...content, tools });
  const library = new Library(client, assistant, false);
  for (const file of files) {
    progress("gptUploads", { name: file.name });
    try {
      await library.add(await upload(client, file));
      lines.push({ kind: "taken", text: "gptFileTaken", values: { name: file.name } });
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      const values = { name: file.name, message: error.message };
      lines.push({ kind: "left", text: "gptFileLeft", values });
    }
  }
  return { id: assistant.id, lines };
}

/** @returns {Promise<object[]>} the tools of an action that was made */
async function addAction(client, action, lines) {
  const name = nameIn(action.document) || "action";
  try {
    const made = await makeAction(client, action, name);
    const { data } = await client.get(`actions/${made.id}/operations`);
    const href = `#/actions/${made.id}`;
    const offered = data.filter((one) => one.offered);
    const values = { name: made.title, count: offered.length };
    lines.push({ kind: "taken", text: "gptActionTaken", values, href });
    if (action.auth !== "none") lines.push({ kind: "left", text: "gptNeedsSecret", values, href });
    if (!offered.length) lines.push({ kind: "left", text: "gptChooseOperations", values, href });
    return offered.map(({ tool }) => tool);
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    const values = { name: action.title || name, message: error.message };
    lines.push({ kind: "left", text: "gptActionLeft", values });
    return [];
  }
}

/** Make an action, under another name if that is taken, and at its domain if it names no server. */
async function makeAction(client, action, name) {
  const body = { document: action.document };
  for (let number = 1; ; number += 1) {
    const own = number > 1 ? `${name.slice(0, 22)}-${number}` : name;
    try {
      return await createAction(client, { ...body, name: own });
    } catch (error) {
      if (!(error instanceof ApiError) || error.code !== "invalid_action") throw error;
      if (error.param === "server" && action.domain && !("server" in body)) {
        Object.assign(body, { server: `https://${action.domain}` });
        number -= 1;
      } else if (error.param !== "name" || number > MOST_NAMES) throw error;
    }
  }
}
