/**
 * Reads what programs write down of a GPT, in the forms that are in use. Pure.
 *
 * ChatGPT's own pages get `{gizmo: {instructions, display}, tools, files}`, sometimes below
 * `resource` or another `gizmo`; the API for workspaces has `conversation_starters` and lists in
 * `data`; programs that export GPTs write the fields side by side.
 *
 * @typedef {{document: string, title: string, domain: string, auth: string}} GptAction `auth`: its
 *   type; "none" if it needs no secret
 * @typedef {object} Gpt
 * @property {string} name
 * @property {string} description
 * @property {string} instructions
 * @property {string} greeting
 * @property {string[]} starters
 * @property {boolean} runsCode
 * @property {GptAction[]} actions
 * @property {string[]} files their names, as far as they are known
 * @property {string[]} left names of the texts for what this server has no place for
 */

/** What can't be taken over, by the type of a tool: names of texts. */
/** @type {Array<[string, RegExp]>} */
const LEFT = [
  ["gptLeftWeb", /^(browser|web.?browsing|web.?search|search|bing)/i],
  ["gptLeftImages", /^(dalle|dall.?e|image|4o.?image)/i],
  ["gptLeftCanvas", /^(canvas|canmore)/i],
];
const CODE = /^(python|code.?interpreter|data.?analysis)/i;
const ACTION = /^(plugins?_prototype|jit_plugin|action|custom.?action)/i;
const DEEPEST = 5;

/**
 * @param {string} text
 * @returns {Gpt|null} null if it is not the JSON of a GPT
 */
export function readGpt(text) {
  let value;
  try {
    value = JSON.parse(text);
  } catch {
    return null;
  }
  const outer = unwrapped(value, DEEPEST);
  return outer && read(outer);
}

/** @returns {Record<string, any>|null} the object that says what the GPT is */
function unwrapped(value, depth) {
  if (Array.isArray(value)) return value.length ? unwrapped(value[0], depth - 1) : null;
  if (!isObject(value) || depth < 0) return null;
  if (isObject(value.gizmo)) {
    const inner = unwrapped(value.gizmo, depth - 1);
    return inner && { ...inner, ...withLists(value), gizmo: undefined };
  }
  for (const name of ["resource", "gpt", "latest_config", "config", "data"]) {
    const found = isObject(value[name]) || Array.isArray(value[name])
      ? unwrapped(value[name], depth - 1)
      : null;
    if (found) return { ...found, ...withLists(value) };
  }
  const known = ["instructions", "display", "prompt_starters", "conversation_starters", "system_prompt"];
  return known.some((name) => value[name] !== undefined) ? value : null;
}

/**
 * What stands beside the object, not in it.
 *
 * @param {Record<string, any>} holder
 */
function withLists({ tools, files }) {
  return { ...(tools === undefined ? {} : { tools }), ...(files === undefined ? {} : { files }) };
}

function read(found) {
  const display = isObject(found.display) ? found.display : found;
  const first = (...values) => values.find((one) => typeof one === "string" && one.trim()) ?? "";
  const starters = display.prompt_starters ?? found.conversation_starters ?? found.prompt_starters
    ?? found.starters ?? [];
  const tools = [...listOf(found.tools), ...capabilities(found.capabilities)].map(toolOf);
  const types = tools.map(({ type }) => type);
  const actions = [
    ...tools.filter(({ type }) => ACTION.test(type)).map(actionOf),
    ...listOf(found.actions).map(actionOf),
  ].filter(({ document }) => document);
  const left = LEFT.filter(([, kind]) => types.some((one) => kind.test(one)));
  const picture = first(display.profile_picture_url, display.profile_pic_id, found.avatar);
  return {
    name: first(display.name, found.name, found.title),
    description: first(display.description, found.description),
    instructions: first(found.instructions, found.system_prompt, found.context, found.prompt),
    greeting: first(display.welcome_message, found.welcome_message),
    starters: listOf(starters).map(String).filter((one) => one.trim()),
    runsCode: types.some((type) => CODE.test(type)),
    actions,
    files: listOf(found.files ?? found.knowledge_files).map(fileName).filter(Boolean),
    left: [...left.map(([name]) => name), ...(picture ? ["gptLeftPicture"] : [])],
  };
}

/** @returns {any[]} a list as it is, in `data`, or nothing */
function listOf(value) {
  if (Array.isArray(value)) return value;
  return isObject(value) && Array.isArray(value.data) ? value.data : [];
}

/** @returns {string[]} */
function capabilities(value) {
  if (Array.isArray(value)) return value.map(String);
  return isObject(value) ? Object.keys(value).filter((name) => value[name]) : [];
}

function toolOf(tool) {
  return isObject(tool) ? { ...tool, type: String(tool.type ?? "") } : { type: String(tool) };
}

/** @returns {GptAction} */
function actionOf(tool) {
  /** @type {Record<string, any>} */
  const about = isObject(tool?.metadata) ? tool.metadata : (tool ?? {});
  const names = ["json_schema", "raw_spec", "schema", "openapi_schema", "spec"];
  const written = names.map((name) => about[name]).find(Boolean)
    ?? (about.openapi && about.paths ? about : null);
  const document = typeof written === "string" ? written : JSON.stringify(written, null, 2);
  const info = isObject(written) && isObject(written.info) ? written.info : {};
  const title = String(info.title ?? "");
  const auth = isObject(about.auth) ? String(about.auth.type ?? "none") : "none";
  return { document: written ? document : "", title, domain: String(about.domain ?? ""), auth };
}

function fileName(file) {
  return isObject(file) ? String(file.name ?? file.filename ?? "") : String(file);
}

/** @returns {value is Record<string, any>} */
function isObject(value) {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
