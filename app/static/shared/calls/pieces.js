/** Turns any field of a call into pieces that can be shown. Pure. */

/**
 * @typedef {import("./registry.js").Piece} Piece
 * @typedef {import("./registry.js").Translate} Translate
 */

/** Fields that have a heading in `texts.js`. */
const NAMED = new Set(["arguments", "input", "output", "outputs"]);

/**
 * @param {string} name name of a call's field
 * @param {any} value
 * @param {Translate} t
 * @returns {Piece[]} the first one has a heading
 */
export function piecesOf(name, value, t) {
  const pieces = isListOfOutputs(value)
    ? value.filter(Boolean).flatMap((one) => outputPieces(one, t))
    : [codeOf(value)];
  const shown = pieces.filter((piece) => piece.kind === "picture" || piece.text);
  if (shown.length) shown[0] = { heading: NAMED.has(name) ? t(name) : name, ...shown[0] };
  return shown;
}

/**
 * @param {Record<string, any>} output such as `{type: "logs", logs: "…"}` or
 *   `{type: "image", image: {file_id: "…"}}`
 * @param {Translate} t
 * @returns {Piece[]}
 */
export function outputPieces(output, t) {
  const value = output[output.type];
  if (output.type === "image" && value?.file_id) {
    return [{ kind: "picture", fileId: value.file_id, text: t("picture") }];
  }
  if (typeof value === "string") return [codeOf(value)];
  const { index: _, ...known } = output;
  return [codeOf(known)];
}

/**
 * @param {string} text
 * @returns {string} the same text, indented if it is a JSON object or list
 */
export function pretty(text) {
  try {
    const value = JSON.parse(text);
    return typeof value === "object" ? JSON.stringify(value, null, 2) : text;
  } catch {
    return text;
  }
}

/**
 * @param {string} text
 * @returns {string} its beginning, on one line
 */
export function shortened(text) {
  const line = text.replace(/\s+/g, " ").trim();
  return line.length > 160 ? `${line.slice(0, 160)}…` : line;
}

/**
 * @param {any} value
 * @returns {value is Array<Record<string, any>>}
 */
function isListOfOutputs(value) {
  const isOutput = (/** @type {any} */ one) => typeof one === "object" && one?.type !== undefined;
  return Array.isArray(value) && value.filter(Boolean).every(isOutput);
}

/**
 * @param {any} value
 * @returns {Piece}
 */
function codeOf(value) {
  if (value === null || value === undefined) return { kind: "code", text: "" };
  const text = typeof value === "string" ? pretty(value) : JSON.stringify(value, null, 2);
  return { kind: "code", text };
}
