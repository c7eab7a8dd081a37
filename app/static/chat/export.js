/** A conversation as a Markdown file. */

import { questionOf } from "../shared/history.js";
import { el } from "../shell/dom.js";
import { words } from "../shell/speech.js";
import { fullTime } from "../shell/times.js";

const PAGE = 100;
const RELEASED_AFTER = 60_000;
const LONGEST_NAME = 80;

/**
 * Download a thread, all of its messages.
 *
 * @param {import("../shared/client.js").ApiClient} client
 * @param {string} threadId
 * @param {object} options
 * @param {string} options.title
 * @param {function(string|null): string} options.assistantName
 * @param {function(string): Promise<string|null>} options.nameOf the name of the file with this id
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
  download(`${fileName(title)}.md`, `${sections.join("\n\n")}\n`);
}

async function section(message, assistantName, nameOf) {
  const isUser = message.role === "user";
  const who = isUser ? words("you") : assistantName(message.assistant_id);
  const question = questionOf(message);
  const attached = [...question.images, ...question.files];
  const names = await Promise.all(attached.map(async ({ id }) => (await nameOf(id)) ?? id));
  const files = names.map((name) => `- ${words("file")}: ${name}`).join("\n");
  const text = isUser ? question.text : cited(message);
  const heading = `## ${who} · ${fullTime(message.created_at)}`;
  return [heading, text, files].filter(Boolean).join("\n\n");
}

/** Marks become numbers, and what they stand for is listed below. */
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

function fileName(title) {
  // What Windows, macOS or Linux refuse in a name; Korean is fine with all of them.
  const name = title.normalize("NFC").replace(/[\s\p{Cc}\\/:*?"<>|]+/gu, " ").trim();
  return [...name].slice(0, LONGEST_NAME).join("").replace(/^\.+|[. ]+$/g, "") || "conversation";
}

function download(name, text) {
  const url = URL.createObjectURL(new Blob([text], { type: "text/markdown;charset=utf-8" }));
  el("a", { href: url, download: name }).click();
  setTimeout(() => URL.revokeObjectURL(url), RELEASED_AFTER);
}
