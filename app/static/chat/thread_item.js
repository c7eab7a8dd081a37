/** One conversation in the sidebar's list. */

import { el } from "../shell/dom.js";
import { iconButton, label, say, words } from "../shell/speech.js";

const LONGEST_TITLE = 512;

/**
 * @param {{metadata: Record<string, string>, preview?: string|null}} thread
 * @returns {string} its title, else its preview, else a text for an untitled conversation
 */
export function titleOf(thread) {
  return thread.metadata?.title || thread.preview || words("untitled");
}

/**
 * @param {import("../shared/api.d.ts").Thread} thread with its preview
 * @param {{isCurrent: boolean, mayRename: boolean, onRename: (title: string) => Promise<void>,
 *   onDelete: () => void}} options
 * @returns {HTMLLIElement}
 */
export function threadItem(thread, { isCurrent, mayRename, onRename, onDelete }) {
  const title = titleOf(thread);
  // The whole path, because a mere fragment would count as a jump within the page.
  const { pathname, search } = window.location;
  const href = `${pathname}${search}#${thread.id}`;
  const link = el("a", { href, className: "thread-link", dir: "auto" }, title);
  if (isCurrent) link.setAttribute("aria-current", "page");
  const item = el("li", { className: "thread" });
  const rename = () => editTitle(item, title, onRename);
  item.append(link);
  if (mayRename) item.append(iconButton("edit", "rename", { onclick: rename }, { title }));
  item.append(iconButton("trash", "deleteThread", { onclick: onDelete }, { title }));
  return item;
}

function editTitle(item, title, onRename) {
  const before = [...item.childNodes];
  const field = label(el("input", { value: title, maxLength: LONGEST_TITLE }), "renameField");
  const save = say(el("button", { type: "submit", className: "quiet-button" }), "save");
  const back = () => {
    item.replaceChildren(...before);
    item.querySelector(".icon-button").focus();
  };
  const submit = async (event) => {
    event.preventDefault();
    const wanted = field.value.trim();
    if (wanted && wanted !== title) await onRename(wanted);
    else back();
  };
  const form = el("form", { className: "rename", onsubmit: submit }, field, save);
  form.addEventListener("keydown", (event) => {
    if (event.key !== "Escape" || event.isComposing) return;
    event.stopPropagation();
    back();
  });
  item.replaceChildren(form);
  field.select();
  field.focus();
}
