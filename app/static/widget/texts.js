/** Texts of the widget alone; those it shares with the chat page are in `shared/language.js`. */

import { sharedTexts } from "../shared/language.js";

const en = {
  chat: "Chat",
  close: "Close the chat",
  newConversation: "New conversation",
  conversation: "Conversation",
  suggestions: "Suggested questions",
  earlier: "Show earlier messages",
  loading: "Loading…",
  helpful: "Helpful",
  notHelpful: "Not helpful",
  sources: "Sources",
  files: "Files",
  downloadFailed: "The file could not be downloaded.",
  passageGone: "The cited passage can't be shown.",
  askPerson: "Talk to a person",
  contact: "How can we reach you if you leave? (e-mail or phone, optional)",
  personAwaited: "We have notified our team. Until someone joins, the assistant answers.",
  personAnswers: "{name} is answering.",
  withdraw: "Never mind",
  newMessage: "New message – {title}",
  notAllowed: "The chat is not available on this site.",
  notPublic: "The chat is not available to visitors at the moment.",
};

const ko = {
  chat: "채팅",
  close: "채팅 닫기",
  newConversation: "새 대화",
  conversation: "대화 내용",
  suggestions: "추천 질문",
  earlier: "이전 메시지 보기",
  loading: "불러오는 중…",
  helpful: "도움이 됐어요",
  notHelpful: "도움이 안 됐어요",
  sources: "출처",
  files: "파일",
  downloadFailed: "파일을 내려받지 못했습니다.",
  passageGone: "인용한 내용을 표시할 수 없습니다.",
  askPerson: "상담원 연결",
  contact: "자리를 비우실 때 연락드릴 곳 (이메일이나 전화번호, 선택)",
  personAwaited: "상담원에게 알렸습니다. 상담원이 올 때까지 어시스턴트가 답변합니다.",
  personAnswers: "{name} 님이 답변하고 있습니다.",
  withdraw: "요청 취소",
  newMessage: "새 메시지 – {title}",
  notAllowed: "이 사이트에서는 채팅을 사용할 수 없습니다.",
  notPublic: "지금은 방문자가 채팅을 이용할 수 없습니다.",
};

/** Texts by language, for `translator`. */
export const texts = {
  en: { ...sharedTexts.en, ...en },
  ko: { ...sharedTexts.ko, ...ko },
};
