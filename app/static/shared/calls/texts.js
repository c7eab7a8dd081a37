/** Texts that the views of all tools share. */

/** @type {import("../language.js").Texts} */
export const callTexts = {
  en: {
    failed: "failed",
    arguments: "Arguments",
    input: "Input",
    output: "Output",
    outputs: "Output",
    picture: "Image made by the tool",
  },
  ko: {
    failed: "실패",
    arguments: "인자",
    input: "입력",
    output: "결과",
    outputs: "결과",
    picture: "도구가 만든 이미지",
  },
};
