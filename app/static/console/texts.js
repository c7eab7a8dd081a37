/** Texts of the console's frame and of the pieces that its views share, in both languages. */

/** @type {import("../shared/language.js").Texts} */
export const consoleTexts = {
  en: {
    skipToContent: "Skip to the content",
    sections: "Sections of the console",
    asAdmin: "Administrator",
    asProject: "Project {project}",
    signInText: "The console opens with your project's API key. The key is kept only in this tab, "
      + "until you sign out or close the tab.",
    noViews: "This key opens nothing here",
    noViewsText: "It may only chat. Sign in with a key that may also read or change the project.",
    notForThisKey: "This key may not see this",
    needsAdmin: "It needs the server's ADMIN_KEY. Sign out, and sign in with that key.",
    loading: "Loading…",
    loadMore: "Load more",
    loadFailed: "This could not be loaded.",
    notFound: "It does not exist, or it belongs to another project.",
    close: "Close",
    save: "Save",
    saving: "Saving…",
    delete: "Delete",
    back: "Back",
    checkFields: "Please check the marked fields.",
    apiRefused: "The server refused this: {message}",
    nothingFound: "Nothing found",
    nothingFoundText: "Try other words.",
    writeAnswer: "Write the right answer",
    changeAnswer: "Change the right answer",
    answerAssistant: "Assistant that learns it",
    answerQuestion: "Question",
    answerText: "Right answer",
    answerHint: "It becomes a document of the assistant, and the next visitor gets it.",
    answerSaved: "The answer is saved. The assistant finds it in a moment.",
  },
  ko: {
    skipToContent: "본문으로 건너뛰기",
    sections: "콘솔 메뉴",
    asAdmin: "관리자",
    asProject: "프로젝트 {project}",
    signInText: "프로젝트의 API 키로 콘솔을 엽니다. 키는 이 탭에만 보관되며, 로그아웃하거나 탭을 "
      + "닫으면 지워집니다.",
    noViews: "이 키로 열 수 있는 화면이 없습니다",
    noViewsText: "채팅만 할 수 있는 키입니다. 프로젝트를 보거나 바꿀 수 있는 키로 로그인해 주세요.",
    notForThisKey: "이 키로는 볼 수 없습니다",
    needsAdmin: "서버의 ADMIN_KEY가 필요합니다. 로그아웃한 뒤 그 키로 로그인해 주세요.",
    loading: "불러오는 중…",
    loadMore: "더 보기",
    loadFailed: "불러오지 못했습니다.",
    notFound: "존재하지 않거나 다른 프로젝트의 것입니다.",
    close: "닫기",
    save: "저장",
    saving: "저장하는 중…",
    delete: "삭제",
    back: "뒤로",
    checkFields: "표시된 항목을 확인해 주세요.",
    apiRefused: "서버가 거부했습니다: {message}",
    nothingFound: "검색 결과가 없습니다",
    nothingFoundText: "다른 말로 검색해 보세요.",
    writeAnswer: "올바른 답변 쓰기",
    changeAnswer: "올바른 답변 고치기",
    answerAssistant: "배울 어시스턴트",
    answerQuestion: "질문",
    answerText: "올바른 답변",
    answerHint: "어시스턴트의 문서로 저장되어, 다음 방문자부터 이 답변을 받습니다.",
    answerSaved: "답변을 저장했습니다. 어시스턴트가 곧 이 답변을 찾을 수 있습니다.",
  },
};

/**
 * @param {import("./context.js").View[]} views
 * @returns {import("../shared/language.js").Texts} the console's texts and those of its views
 */
export function textsOf(views) {
  const all = [consoleTexts, ...views.map(({ texts }) => texts)];
  return {
    en: Object.assign({}, ...all.map(({ en }) => en)),
    ko: Object.assign({}, ...all.map(({ ko }) => ko)),
  };
}
