import { isOpen } from "./hours.js";

/**
 * Texts in Korean and English. The browser's languages or the user decide which are shown.
 *
 * @typedef {"ko"|"en"} Language
 * @typedef {Record<string, string|number>} Values
 * @typedef {Record<Language, Record<string, string>>} Texts by name; `{word}` in a text is replaced
 *   by the value named `word`
 */

/**
 * @param {readonly string[]} [preferred] languages, the most preferred first
 * @returns {"ko"|"en"} the first supported one; English if none is supported
 */
export function browserLanguage(preferred = navigator.languages) {
  for (const language of preferred ?? []) {
    const [primary] = language.toLowerCase().split("-");
    if (primary === "ko" || primary === "en") return primary;
  }
  return "en";
}

/**
 * @param {Texts} texts
 * @param {Language} language
 * @returns {(name: string, values?: Values) => string}
 */
export function translator(texts, language) {
  return (name, values = {}) => {
    const text = texts[language][name] ?? texts.en[name];
    if (text === undefined) throw new Error(`There is no text named ${name}.`);
    return text.replace(/\{(\w+)\}/g, (whole, key) => String(values[key] ?? whole));
  };
}

/** Texts that the chat page and the widget share. */
export const sharedTexts = {
  en: {
    greeting: "Hello! How can I help you?",
    closedGreeting: "We are closed right now, but the assistant can help you.",
    placeholder: "Write a message",
    send: "Send",
    stop: "Stop",
    stopped: "Stopped.",
    thinking: "Thinking…",
    reconnecting: "Connection lost. Reconnecting…",
    retry: "Try again",
    whatWasWrong: "What was wrong? (optional)",
    sendComment: "Send",
    commentSent: "Thank you. Your comment was sent.",
    you: "You",
    assistant: "Assistant",
    citation: "Source {number}: {name}",
    cutOff: "The answer ends here because it reached its maximum length.",
    filtered: "The answer ends here because of a content filter.",
    plainText: "Part of this answer could not be formatted and is shown as plain text.",
    emptyAnswer: "The model returned an empty answer.",
    waitingHere: "The assistant can't finish this answer here. "
      + "You can send another message to continue.",
    waiting: "The assistant is waiting for the result of a function in the developer's program: "
      + "{names}. You can send another message to continue.",
    approvalQuestion: "May {title} run “{operation}”?",
    approvalArguments: "What is sent",
    allow: "Allow",
    dontAllow: "Don't allow",
    picture: "Image from the assistant",
    pictureLoading: "Loading the image…",
    pictureFailed: "The image {file} can't be shown.",
    pictureAt: "Image at {address}",
    downloadPicture: "Download the image",
    unknownPart: "Content of type {type}",
    errorUnreachable: "The server can't be reached. Check your connection and try again.",
    errorRate: "Too many requests right now. Please try again in a moment.",
    errorRateSeconds: "Too many requests right now. Please try again in {seconds} seconds.",
    errorQuota: "The usage limit has been reached. Please try again later.",
    errorQuotaHours: "Today's usage limit has been reached. It resets in about {hours} hours.",
    errorQuotaMinutes: "Today's usage limit has been reached. It resets in about {minutes} minutes.",
    errorBusy: "Too many answers are being written right now. Please try again in a moment.",
    errorModelRate: "The model can't take more requests right now. Please try again later.",
    errorAway: "The service is not available right now. Please try again in a moment.",
    errorExpired: "The answer took too long and was stopped.",
    errorModel: "The assistant could not answer. Please try again.",
    errorGone: "This conversation no longer exists.",
    errorRefused: "Access denied.",
    errorSignIn: "Your sign-in could not be confirmed. Reload the page and try again.",
    errorTooLong: "The message is too long.",
    errorOther: "Something went wrong. Please try again.",
  },
  ko: {
    greeting: "안녕하세요! 무엇을 도와드릴까요?",
    closedGreeting: "지금은 영업시간이 아니지만, 어시스턴트가 도와드릴 수 있습니다.",
    placeholder: "메시지를 입력하세요",
    send: "보내기",
    stop: "중지",
    stopped: "답변을 중지했습니다.",
    thinking: "생각하는 중…",
    reconnecting: "연결이 끊겼습니다. 다시 연결하는 중…",
    retry: "다시 시도",
    whatWasWrong: "무엇이 아쉬웠나요? (선택)",
    sendComment: "보내기",
    commentSent: "의견을 보냈습니다. 고맙습니다.",
    you: "나",
    assistant: "어시스턴트",
    citation: "출처 {number}: {name}",
    cutOff: "최대 길이에 도달하여 답변이 여기서 끝났습니다.",
    filtered: "콘텐츠 필터로 인해 답변이 여기서 끝났습니다.",
    plainText: "답변의 일부는 서식을 적용할 수 없어 일반 텍스트로 표시합니다.",
    emptyAnswer: "모델이 빈 답변을 보냈습니다.",
    waitingHere: "여기서는 어시스턴트가 이 답변을 마칠 수 없습니다. "
      + "다른 메시지를 보내 대화를 이어갈 수 있습니다.",
    waiting: "어시스턴트가 개발자 프로그램의 함수 결과를 기다리고 있습니다: {names}. "
      + "다른 메시지를 보내 대화를 이어갈 수 있습니다.",
    approvalQuestion: "{title}의 “{operation}” 작업을 허용할까요?",
    approvalArguments: "보내는 내용",
    allow: "허용",
    dontAllow: "허용 안 함",
    picture: "어시스턴트가 보낸 이미지",
    pictureLoading: "이미지를 불러오는 중…",
    pictureFailed: "이미지({file})를 표시할 수 없습니다.",
    pictureAt: "이미지 주소: {address}",
    downloadPicture: "이미지 내려받기",
    unknownPart: "{type} 형식의 내용",
    errorUnreachable: "서버에 연결할 수 없습니다. 인터넷 연결을 확인하고 다시 시도해 주세요.",
    errorRate: "요청이 너무 많습니다. 잠시 후 다시 시도해 주세요.",
    errorRateSeconds: "요청이 너무 많습니다. {seconds}초 후에 다시 시도해 주세요.",
    errorQuota: "사용 한도에 도달했습니다. 나중에 다시 시도해 주세요.",
    errorQuotaHours: "오늘의 사용 한도에 도달했습니다. 약 {hours}시간 후에 초기화됩니다.",
    errorQuotaMinutes: "오늘의 사용 한도에 도달했습니다. 약 {minutes}분 후에 초기화됩니다.",
    errorBusy: "지금 작성 중인 답변이 너무 많습니다. 잠시 후 다시 시도해 주세요.",
    errorModelRate: "지금은 모델이 요청을 더 받을 수 없습니다. 나중에 다시 시도해 주세요.",
    errorAway: "지금은 서비스를 이용할 수 없습니다. 잠시 후 다시 시도해 주세요.",
    errorExpired: "답변이 너무 오래 걸려 중단되었습니다.",
    errorModel: "어시스턴트가 답변하지 못했습니다. 다시 시도해 주세요.",
    errorGone: "이 대화를 더 이상 찾을 수 없습니다.",
    errorRefused: "접근이 거부되었습니다.",
    errorSignIn: "로그인을 확인하지 못했습니다. 페이지를 새로 고친 뒤 다시 시도해 주세요.",
    errorTooLong: "메시지가 너무 깁니다.",
    errorOther: "문제가 발생했습니다. 다시 시도해 주세요.",
  },
};

/** @type {Record<string, string>} */
const BY_CODE = {
  unreachable: "errorUnreachable",
  insufficient_quota: "errorQuota",
  rate_limit_exceeded: "errorRate",
  concurrent_runs_exceeded: "errorBusy",
  server_full: "errorBusy",
  database_unavailable: "errorAway",
  request_too_large: "errorTooLong",
  server_error: "errorModel",
  invalid_prompt: "errorModel",
  run_expired: "errorExpired",
  content_filter: "filtered",
  user_token_expired: "errorSignIn",
  user_token_invalid: "errorSignIn",
  user_tokens_are_off: "errorSignIn",
};
/** @type {Record<number, string>} */
const BY_STATUS = {
  401: "errorRefused",
  403: "errorRefused",
  404: "errorGone",
  413: "errorTooLong",
  502: "errorModel",
  503: "errorModel",
};

/**
 * @param {{status: number, code: string|null, retryAfter: number|null}} error an `ApiError`, or a
 *   turn's `error`
 * @returns {{name: string, values: Values}} the text to show for it
 */
export function errorText({ status, code, retryAfter }) {
  // The upstream's limit ended a run; this server's own limit answers with HTTP status 429.
  const isUpstreams = code === "rate_limit_exceeded" && status !== 429;
  if (isUpstreams) return { name: "errorModelRate", values: {} };
  const name = BY_CODE[code ?? ""] ?? (status === 429 ? "errorRate" : BY_STATUS[status] ?? "errorOther");
  if (name === "errorRate" && retryAfter) {
    return { name: "errorRateSeconds", values: { seconds: Math.ceil(retryAfter) } };
  }
  if (name === "errorQuota" && retryAfter) return resetText(retryAfter);
  return { name, values: {} };
}

/**
 * @param {number} seconds
 * @returns {{name: string, values: Values}}
 */
function resetText(seconds) {
  const minutes = Math.max(Math.ceil(seconds / 60), 2);
  if (minutes < 120) return { name: "errorQuotaMinutes", values: { minutes } };
  return { name: "errorQuotaHours", values: { hours: Math.round(minutes / 60) } };
}

/**
 * Read the start screen's texts from an assistant's metadata.
 *
 * @param {{metadata?: Record<string, string>}|undefined} assistant
 * @param {"ko"|"en"} language
 * @param {Record<string, string|undefined>} [given] the site's own texts and `hours`; they come
 *   before the assistant's
 * @returns {{greeting: string|null, suggestions: string[], isClosed: boolean}} `isClosed`: it is
 *   outside of the opening hours, and the greeting, if there is one, is the one for then
 */
export function startScreen(assistant, language, given = {}) {
  const metadata = assistant?.metadata ?? {};
  const of = (name) => given[name] || (metadata[`${name}_${language}`] ?? metadata[name] ?? null);
  const isClosed = !isOpen(of("hours"));
  const greeting = of(isClosed ? "closed_greeting" : "greeting");
  return { greeting, suggestions: listOf(of("suggestions")), isClosed };
}

function listOf(text) {
  if (!text) return [];
  try {
    const list = JSON.parse(text);
    if (Array.isArray(list)) return list.filter((one) => typeof one === "string" && one.trim());
  } catch {
    // Not JSON: one question per line.
  }
  return text.split("\n").map((line) => line.trim()).filter(Boolean);
}
