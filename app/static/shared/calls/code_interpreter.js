/** Calls that run Python code on the server. */

import { outputPieces } from "./pieces.js";

/** @typedef {import("./registry.js").Piece} Piece */

/** Documents that code can hardly read, by the ends of their names. */
const DOCUMENT = /\.(?:pdf|docx?|pptx?|hwpx?|hwpml)$/i;
/** Files with data rather than text. */
const DATA = /\.(?:csv|tsv|xlsx?|json|jsonl|ndjson|parquet|sqlite3?|db)$/i;

/** @type {import("./registry.js").Tool} */
export const codeInterpreter = {
  icon: "M4 5h16v14H4zM8 10l3 2.5L8 15M13 15h4",
  texts: {
    en: { running: "Running code…", ran: "Ran code", code: "Code", nothing: "No output." },
    ko: {
      running: "코드를 실행하는 중…",
      ran: "코드를 실행했습니다",
      code: "코드",
      nothing: "출력된 내용이 없습니다.",
    },
  },
  runsCode: true,
  isLive: true,
  offered: {
    en: { name: "Code", hint: "Runs Python for calculations, tables and charts." },
    ko: { name: "코드 실행", hint: "Python을 실행해 계산하고 표와 그래프를 만듭니다." },
  },
  mostFiles: 20,
  takes: ({ name }) => !DOCUMENT.test(name),
  takesUnlisted: ({ name }) => DATA.test(name),

  title: (_call, busy, t) => t(busy ? "running" : "ran"),

  pieces({ code_interpreter: ran }, t, busy) {
    /** @type {Piece[]} */
    const pieces = [];
    if (ran?.input) {
      pieces.push({ kind: "code", heading: t("code"), text: ran.input, language: "python" });
    }
    const outputs = outputsOf(ran?.outputs).flatMap((output) => outputPieces(output, t));
    if (outputs.length) outputs[0] = { heading: t("output"), ...outputs[0] };
    else if (!busy) outputs.push({ kind: "text", text: t("nothing") });
    return [...pieces, ...outputs];
  },
};

/**
 * @param {any} outputs the API's, as far as they have arrived
 * @returns {Array<Record<string, any>>} the same with consecutive logs put together
 */
function outputsOf(outputs) {
  /** @type {Array<Record<string, any>>} */
  const known = [];
  for (const output of Array.isArray(outputs) ? outputs : []) {
    const before = known.at(-1);
    if (output?.type !== "logs") {
      if (output?.type) known.push(output);
    } else if (before?.type === "logs") {
      before.logs += output.logs ?? "";
    } else if (output.logs) {
      known.push({ type: "logs", logs: output.logs });
    }
  }
  return known;
}
