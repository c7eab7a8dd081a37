/** The versions of an assistant: what each changed, and restoring one. */

import { confirm } from "../../../shell/dialogs.js";
import { el } from "../../../shell/dom.js";
import { say, words } from "../../../shell/speech.js";
import { fullTime } from "../../../shell/times.js";
import { attempt } from "../../pieces/attempt.js";
import { openDialog } from "../../pieces/dialog.js";
import { PagedList } from "../../pieces/paged_list.js";
import { showLoading, showNothing } from "../../pieces/states.js";
import { actionButton } from "../../pieces/view_head.js";
import { diffOf } from "./diff.js";
import { contentOf } from "./form.js";

const PAGE = 20;
/** Names of the texts for how a version came about. */
const CAUSES = {
  created: "causeCreated",
  updated: "causeUpdated",
  published: "causePublished",
  restored: "causeRestored",
};

/**
 * @param {import("../../context.js").Context} context
 * @param {{path: string, mayRestore: boolean, onRestored: () => void}} options `path` of the
 *   assistant
 */
export async function openVersions(context, { path, mayRestore, onRestored }) {
  const shown = el("div", { className: "version-shown", tabIndex: -1 });
  /** @type {PagedList<import("../../../shared/api.d.ts").ApiObject & {id: string}>} */
  const list = new PagedList({
    label: "versions",
    load: (after) => context.client.get(`${path}/versions`, { query: { limit: PAGE, after } }),
    showEmpty: (place) => showNothing(place, { symbol: "history", title: "noVersions" }),
    row: (version) => row(version, () => show(version.number)),
  });
  const dialog = openDialog({ title: "versions", content: [list.element, shown], wide: true });
  list.reload();

  async function show(number) {
    showLoading(shown);
    const { client } = context;
    const [then, now] = (await attempt(Promise.all([
      client.get(`${path}/versions/${number}`),
      client.get(path),
    ]))) ?? [];
    if (!then || !now) return;
    const changes = comparison(contentOf(then), contentOf(now));
    const restore = actionButton("primary", "restore", () => restoring(number), "again");
    shown.replaceChildren(
      say(el("h3"), "versionCompared", { number }),
      ...(changes.length ? changes : [say(el("p", { className: "muted" }), "sameAsNow")]),
      ...(mayRestore && changes.length ? [restore] : []),
    );
    shown.focus();
    shown.scrollIntoView({ block: "nearest" });
  }

  async function restoring(number) {
    const question = { title: "restoreTitle", text: "restoreText", yes: "restore" };
    if (!(await confirm({ ...question, values: { number } }))) return;
    const call = context.client.post(`${path}/versions/${number}/restore`);
    if ((await attempt(call)) === null) return;
    dialog.close();
    context.notices.notify("wasRestored", { number });
    onRestored();
  }
}

function row(version, onclick) {
  const { number, cause, created_at: at, created_by: who, model } = version;
  const button = el("button", { type: "button", className: "version-row", onclick });
  button.append(
    say(el("strong"), "versionNumber", { number }),
    say(el("span", { className: "muted" }), CAUSES[cause]),
    el("span", { className: "muted" }, [fullTime(at), who].filter(Boolean).join(" · ")),
    el("span", { className: "chip" }, model),
  );
  return button;
}

/** @returns {HTMLElement[]} what differs, field by field */
function comparison(then, now) {
  return Object.keys(then).flatMap((name) => {
    const [before, after] = [textOf(then[name]), textOf(now[name])];
    if (before === after) return [];
    const lines = diffOf(before, after).map(({ kind, text }) => {
      const sign = { same: " ", removed: "−", added: "+" }[kind];
      const read = kind === "same" ? null : el("span", { className: "for-readers" }, words(kind));
      return el("div", { className: `line line-${kind}` }, read, `${sign} ${text}`);
    });
    return [el("section", { className: "change" }, el("h4", {}, name),
      el("div", { className: "diff", tabIndex: 0, role: "group", "aria-label": name }, ...lines))];
  });
}

function textOf(value) {
  if (value === null || value === undefined) return "";
  return typeof value === "string" ? value : JSON.stringify(value, null, 2);
}
