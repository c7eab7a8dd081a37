/** Texts of the assistants, in both languages. */

/** @type {import("../../../shared/language.js").Texts} */
export const texts = {
  en: {
    assistants: "Assistants",
    assistantsText: "Who answers, with which instructions, model and tools.",
    unnamedAssistant: "Without a name",
    noAssistants: "No assistants yet",
    noAssistantsText: "Make one: give it a name, tell it what to do, and try it right here.",
  },
  ko: {
    assistants: "어시스턴트",
    assistantsText: "누가 어떤 지침과 모델, 도구로 답하는지 정합니다.",
    unnamedAssistant: "이름 없음",
    noAssistants: "아직 어시스턴트가 없습니다",
    noAssistantsText: "이름을 정하고 할 일을 알려 준 다음, 여기에서 바로 시험해 보세요.",
  },
};
