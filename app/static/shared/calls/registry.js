/**
 * The known tools, by the type of their calls. Pure.
 *
 * @typedef {import("../accumulate.js").State & {type?: string, id?: string}} Call a tool call of
 *   the API, as far as it has arrived
 * @typedef {(name: string, values?: import("../language.js").Values) => string} Translate
 *
 * @typedef {object} Piece one part of a call's details, shown below its title
 * @property {"code"|"text"|"list"|"picture"|"file"} kind
 * @property {string} [heading]
 * @property {string} [text] of code or text; a picture's alternative text; a file's name
 * @property {Array<{name: string, text: string}>} [items] of a list
 * @property {string} [fileId] of a picture or a file
 * @property {string} [language] programming language of code that people may want to copy
 *
 * @typedef {object} Tool
 * @property {string} icon the `d` of an SVG path, on a grid of 24 by 24
 * @property {import("../language.js").Texts} texts its own texts, in both languages
 * @property {(call: Call, busy: boolean, t: Translate) => string} title `t` has the tool's own
 *   texts and those of `texts.js`
 * @property {(call: Call, t: Translate, busy: boolean) => Piece[]} pieces
 * @property {(call: Call, delta: Call) => Call} [reduce] adds a delta to a call; default:
 *   `accumulate`
 * @property {boolean} [runsCode] whether it runs code that the model writes
 * @property {boolean} [isLive] whether people watch its calls: they are unfolded while they run,
 *   and the widget shows them in full, too
 * @property {Record<import("../language.js").Language, {name: string, hint: string}>} [offered] how
 *   a form offers the tool to those who make assistants; tools without it are not offered
 * @property {(file: Attached) => boolean} [takes] whether a file attached to a message is for it
 * @property {number} [mostFiles] how many attached files of one thread it takes; default: any
 * @property {(file: Attached) => boolean} [takesUnlisted] whether it gets a file that none of the
 *   assistant's tools takes
 * @property {string} [include] a value for `include[]` that adds details to steps
 * @property {(call: Call) => Passage[]} [passages] passages that citations may refer to
 * @property {(resources: Record<string, any>) => string[]} [stores] ids of the vector stores among
 *   an assistant's `tool_resources`
 * @property {(storeId: string) => object} [withStore] `tool_resources` with only this vector store
 *
 * @typedef {{text: string, name: string, fileId: string, score: number}} Passage
 * @typedef {{name: string, isImage: boolean}} Attached `isImage`: the model sees it in the message
 */

import { accumulate } from "../accumulate.js";
import { anyTool } from "./any.js";
import * as registered from "./registered.js";

/** @type {Map<string, Tool>} */
const TOOLS = new Map(Object.entries(registered));

/**
 * @param {string|undefined} type
 * @returns {Tool}
 */
export function toolOf(type) {
  return TOOLS.get(type ?? "") ?? anyTool;
}

/**
 * @param {Call} call changed in place
 * @param {Call} delta
 * @returns {Call}
 */
export function reduceCall(call, delta) {
  const reduce = toolOf(call.type ?? delta.type).reduce ?? accumulate;
  return reduce(call, delta);
}

/** @returns {string[]} all values for `include[]` that add details to steps */
export function includes() {
  return [...TOOLS.values()].flatMap(({ include }) => include ?? []);
}

/**
 * @param {Attached} file
 * @param {Array<{type: string}>} listed the assistant's tools
 * @returns {string[]} types of the tools that a file attached to a message is for: those of the
 *   assistant that take it, or else those that take it unlisted
 */
export function attachmentTools(file, listed) {
  const takers = [...TOOLS].filter(([, tool]) => tool.takes?.(file));
  const own = takers.filter(([type]) => listed.some((tool) => tool.type === type));
  const chosen = own.length ? own : takers.filter(([, tool]) => tool.takesUnlisted?.(file));
  return chosen.map(([type]) => type);
}

/**
 * @param {string} type of a tool
 * @param {number} count how many attached files of the thread it has
 * @returns {boolean} whether it takes another one
 */
export function hasRoom(type, count) {
  return count < (toolOf(type).mostFiles ?? Infinity);
}

/**
 * @param {Call} call
 * @returns {Passage[]|null} null if citations never refer to calls of this type
 */
export function passagesOf(call) {
  return toolOf(call.type).passages?.(call) ?? null;
}

/**
 * @param {import("../language.js").Language} language
 * @returns {Array<{type: string, name: string, hint: string}>} the tools that a form offers
 */
export function offeredTools(language) {
  return [...TOOLS].flatMap(([type, { offered }]) => {
    return offered ? [{ type, ...offered[language] }] : [];
  });
}

/** @returns {Array<{type: string}>} the tools that run code, as an assistant lists them */
export function toolsThatRunCode() {
  return [...TOOLS].filter(([, tool]) => tool.runsCode).map(([type]) => ({ type }));
}

/**
 * @param {import("../api.d.ts").Assistant} assistant
 * @param {string} storeId
 * @returns {{tools: object[], tool_resources: object}} the fields of an assistant that has only
 *   this vector store, and a tool that uses it
 */
export function usingStore({ tools = [], tool_resources: resources }, storeId) {
  const [type, tool] = [...TOOLS].find(([, { withStore }]) => withStore) ?? [];
  const isListed = tools.some((listed) => listed.type === type);
  return {
    tools: isListed ? tools : [...tools, { type }],
    tool_resources: { ...resources, ...tool?.withStore?.(storeId) },
  };
}

/**
 * @param {{tool_resources?: Record<string, any>|null}|undefined} assistant
 * @returns {string[]} ids of the vector stores that it uses
 */
export function storesOf(assistant) {
  const resources = assistant?.tool_resources ?? {};
  return [...TOOLS.values()].flatMap((tool) => tool.stores?.(resources) ?? []);
}
