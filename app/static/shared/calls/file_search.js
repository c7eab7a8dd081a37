/** Calls that search an assistant's files. */

import { shortened } from "./pieces.js";

/** @typedef {import("./registry.js").Call} Call */

/** @type {import("./registry.js").Tool} */
export const fileSearch = {
  icon: "M5 11a6 6 0 1 0 12 0a6 6 0 1 0 -12 0M20 20l-4.5-4.5",
  texts: {
    en: {
      searching: "Searching the files…",
      searched: "Searched the files",
      found: "{count} passages found",
    },
    ko: {
      searching: "파일을 검색하는 중…",
      searched: "파일을 검색했습니다",
      found: "찾은 내용 {count}건",
    },
  },
  takes: ({ isImage }) => !isImage,
  takesUnlisted: () => true,
  include: "step_details.tool_calls[*].file_search.results[*].content",

  title: (_call, busy, t) => t(busy ? "searching" : "searched"),

  pieces(call, t) {
    const passages = passagesOf(call);
    const items = passages.map(({ name, text }) => ({ name, text: shortened(text) }));
    return [
      { kind: "text", text: t("found", { count: passages.length }) },
      { kind: "list", items },
    ];
  },

  passages: passagesOf,

  stores: ({ file_search: resources }) => resources?.vector_store_ids ?? [],

  withStore: (id) => ({ file_search: { vector_store_ids: [id] } }),
};

/** @param {Call} call */
function passagesOf(call) {
  /** @type {Array<Record<string, any>>} */
  const results = call.file_search?.results ?? [];
  return results.map((result) => {
    /** @type {Array<{text?: string}>} */
    const content = result.content ?? [];
    return {
      text: content.map((part) => part.text ?? "").join("\n\n"),
      name: result.file_name,
      fileId: result.file_id,
      score: result.score,
    };
  });
}
