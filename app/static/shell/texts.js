/** Texts of every page, in both languages. */

/** @type {import("../shared/language.js").Texts} */
export const shellTexts = {
  en: {
    cancel: "Cancel",
    light: "Light theme",
    dark: "Dark theme",
    otherLanguage: "한국어로 보기",
    otherLanguageShort: "한국어",
    signOut: "Sign out",
    signInTitle: "Sign in with your key",
    signInText: "This server requires an API key. The key is kept only in this tab, until you sign "
      + "out or close the tab.",
    keyField: "API key",
    signIn: "Sign in",
    checking: "Checking…",
    keyNeeded: "Please enter a key.",
    keyRefused: "This key is not valid. Please check it and try again.",
    startFailed: "The server can't be reached.",
    copied: "Copied",
    copyFailed: "The text could not be copied.",
    downloadFailed: "The file could not be downloaded.",
  },
  ko: {
    cancel: "취소",
    light: "밝은 화면",
    dark: "어두운 화면",
    otherLanguage: "View in English",
    otherLanguageShort: "English",
    signOut: "로그아웃",
    signInTitle: "키로 로그인",
    signInText: "이 서버를 이용하려면 API 키가 필요합니다. 키는 이 탭에만 보관되며, 로그아웃하거나 "
      + "탭을 닫으면 지워집니다.",
    keyField: "API 키",
    signIn: "로그인",
    checking: "확인하는 중…",
    keyNeeded: "키를 입력해 주세요.",
    keyRefused: "올바르지 않은 키입니다. 확인한 뒤 다시 입력해 주세요.",
    startFailed: "서버에 연결할 수 없습니다.",
    copied: "복사했습니다",
    copyFailed: "복사하지 못했습니다.",
    downloadFailed: "파일을 내려받지 못했습니다.",
  },
};
