/** Saving a conversation as a Markdown file. */

import { saveText } from "../shared/files.js";
import { questionOf } from "../shared/history.js";
import { words } from "../shell/speech.js";
import { fullTime } from "../shell/times.js";

const PAGE = 100;
const LONGEST_NAME = 80;

/**
 * Save all messages of a thread as a file.
 *
 * @param {import("../shared/client.js").ApiClient} client
 * @param {string} threadId
 * @param {object} options
 * @param {string} options.title
 * @param {(assistantId: string|null) => string} options.assistantName
 * @param {(fileId: string) => Promise<string|null>} options.nameOf returns a file's name, or null
 * @throws {ApiError}
 */
export async function exportThread(client, threadId, { title, assistantName, nameOf }) {
  const sections = [`# ${title.replace(/\s+/g, " ")}`];
  let after = null;
  do {
    const query = { order: "asc", limit: PAGE, after };
    const page = await client.get(`threads/${threadId}/messages`, { query });
    for (const message of page.data) sections.push(await section(message, assistantName, nameOf));
    after = page.has_more ? page.last_id : null;
  } while (after);
  saveText(`${fileName(title)}.md`, `${sections.join("\n\n")}\n`, "text/markdown;charset=utf-8");
}

async function section(message, assistantName, nameOf) {
  const isUser = message.role === "user";
  const who = isUser ? words("you") : assistantName(message.assistant_id);
  const question = questionOf(message);
  const attached = [...question.images, ...question.files];
  const names = await Promise.all(attached.map(async ({ id }) => (await nameOf(id)) ?? id));
  const others = (question.others ?? []).map((part) => `- ${otherPart(part)}`);
  const files = [...names.map((name) => `- ${words("file")}: ${name}`), ...others].join("\n");
  const text = isUser ? question.text : cited(message);
  const heading = `## ${who} · ${fullTime(message.created_at)}`;
  return [heading, text, files].filter(Boolean).join("\n\n");
}

/** Replace citation marks by numbers, and list the cited sources below. */
function cited(message) {
  const names = [];
  const parts = message.content.map((part) => {
    let text = part.text?.value ?? part.refusal ?? "";
    for (const { type, text: mark } of part.text?.annotations ?? []) {
      if (type !== "file_citation" || !text.includes(mark)) continue;
      names.push(mark.slice(mark.indexOf("†") + 1, -1) || mark);
      text = text.replaceAll(mark, ` [${names.length}]`);
    }
    return text;
  });
  const list = names.map((name, place) => `${place + 1}. ${name}`).join("\n");
  return [...parts, list && `${words("sources")}:\n\n${list}`].filter(Boolean).join("\n\n");
}

/**
 * @param {import("../shared/turn.js").Part} part
 * @returns {string} an external image's address, or an unknown part's type
 */
function otherPart({ type, content }) {
  if (type === "image_url") return `${words("image")}: ${content?.image_url.url}`;
  return words("otherPart", { type });
}

function fileName(title) {
  // Characters that Windows, macOS or Linux refuse in a file name; all of them accept Korean.
  const name = title.normalize("NFC").replace(/[\s\p{Cc}\\/:*?"<>|]+/gu, " ").trim();
  return [...name].slice(0, LONGEST_NAME).join("").replace(/^\.+|[. ]+$/g, "") || "conversation";
}
