/** One question, with the files that came with it. */

import { el, icon, languageOf } from "./dom.js";
import { say } from "./speech.js";

/**
 * @param {import("../shared/turn.js").Question} question
 * @param {function(string): Promise<string|null>} nameOf the name of the file with this id
 * @returns {HTMLElement}
 */
export function questionView(question, nameOf) {
  const who = say(el("h2", { className: "who for-readers" }), "you");
  const article = el("article", { className: "question-turn" }, who);
  const attached = [
    ...question.images.map((file) => chip("image", file, nameOf)),
    ...question.files.map((file) => chip("file", file, nameOf)),
  ];
  if (attached.length) article.append(el("ul", { className: "attachments" }, ...attached));
  if (question.text) {
    const lang = languageOf(question.text);
    article.append(el("div", { className: "bubble", dir: "auto", lang }, question.text));
  }
  return article;
}

function chip(kind, file, nameOf) {
  const name = el("span", { className: "attachment-name" });
  if (file.name) {
    name.textContent = file.name;
  } else {
    say(name, kind);
    nameOf(file.id).then((known) => {
      if (!known) return;
      delete name.dataset.text;
      name.textContent = known;
    });
  }
  return el("li", { className: "attachment" }, icon(kind), name);
}
