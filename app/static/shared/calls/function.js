/** Calls of functions: the server's own and the developer's. */

import { WRENCH } from "./any.js";
import { pretty } from "./pieces.js";

/** @type {import("./registry.js").Tool} */
export const functionCall = {
  icon: WRENCH,
  texts: {
    en: { calling: "Calling {name}…", called: "Called {name}", noOutput: "No output yet." },
    ko: { calling: "{name} 호출하는 중…", called: "{name} 호출", noOutput: "아직 결과가 없습니다." },
  },

  title: (call, busy, t) => t(busy ? "calling" : "called", { name: call.function?.name ?? "" }),

  pieces({ function: called }, t) {
    if (!called) return [];
    const heading = t("output");
    const output = called.output ?? null;
    return [
      { kind: "code", heading: t("arguments"), text: pretty(called.arguments ?? "") },
      output === null
        ? { kind: "text", heading, text: t("noOutput") }
        : { kind: "code", heading, text: pretty(output) },
    ];
  },
};
