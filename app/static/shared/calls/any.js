/** Calls of unknown tools: shows their type and all of their fields. */

import { piecesOf } from "./pieces.js";

/** The default icon of tools. */
export const WRENCH =
  "M14 6a4 4 0 0 1 5-1.5L16.5 7 17 9.5l2.5.5L22 7.5A4 4 0 0 1 16 12l-8.5 8.5"
    + "a2.1 2.1 0 0 1-3-3L13 9a4 4 0 0 1 1-3z";

/** Fields that identify a call, rather than describe it. */
const IDENTIFYING = new Set(["id", "index", "type"]);

/** @type {import("./registry.js").Tool} */
export const anyTool = {
  icon: WRENCH,
  texts: {
    en: { using: "Using the tool {type}…", used: "Used the tool {type}" },
    ko: { using: "{type} 도구를 사용하는 중…", used: "{type} 도구를 사용했습니다" },
  },

  title: (call, busy, t) => t(busy ? "using" : "used", { type: call.type ?? "?" }),

  pieces(call, t) {
    // So far, every type of call has its details under the type's name.
    const details = call[call.type ?? ""];
    const known = details !== null && typeof details === "object" ? details : call;
    return Object.entries(known)
      .filter(([name]) => known !== call || !IDENTIFYING.has(name))
      .flatMap(([name, value]) => piecesOf(name, value, t));
  },
};
