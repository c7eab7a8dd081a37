/** The origins whose pages may call the server. */

import { confirm } from "../../../shell/dialogs.js";
import { el } from "../../../shell/dom.js";
import { iconButton, say } from "../../../shell/speech.js";
import { attempt } from "../../pieces/attempt.js";
import { Field } from "../../pieces/form.js";
import { openForm } from "../../pieces/form_dialog.js";
import { PagedList } from "../../pieces/paged_list.js";
import { showNothing } from "../../pieces/states.js";
import { actionButton } from "../../pieces/view_head.js";
import { chip } from "./pieces.js";

/** @typedef {import("./types.js").Origin} Origin */

/**
 * @param {import("../../context.js").Context} context
 * @returns {HTMLElement}
 */
export function originsBox({ client, notices }) {
  /** @type {PagedList<Origin>} */
  const list = new PagedList({
    label: "pageOrigins",
    load: () => client.get("admin/origins"),
    row: (origin) => originRow(origin, () => remove(origin)),
    showEmpty: (place) => {
      showNothing(place, { symbol: "globe", title: "noOrigins", text: "noOriginsText" });
    },
  });

  /** @param {Origin} origin */
  async function remove({ id, origin }) {
    const asked = { title: "removeOrigin", text: "removeOriginText", yes: "removeEntry" };
    if (!(await confirm({ ...asked, values: { origin } }))) return;
    if (!(await attempt(client.delete(`admin/origins/${id}`)))) return;
    notices.announce("originRemoved", { origin });
    list.reload();
  }

  function add() {
    const control = el("input", { type: "url", placeholder: "https://www.example.org" });
    const fields = [new Field({ name: "origin", label: "pageOrigin", control, hint: "originHint" })];
    openForm({
      title: "addOrigin",
      save: "addOrigin",
      fields,
      send: () => client.post("admin/origins", { origin: control.value.trim() }),
      done: () => list.reload(),
    });
  }

  const box = el("section", { className: "view-section" });
  const heading = el("div", { className: "section-bar" });
  heading.append(say(el("h2", { className: "section-heading" }), "pageOrigins"));
  heading.append(actionButton("secondary", "addOrigin", add, "plus"));
  box.append(heading, say(el("p", { className: "muted" }), "originsText"), list.element);
  list.reload();
  return box;
}

/**
 * @param {Origin} origin
 * @param {() => void} remove
 */
function originRow({ origin, source }, remove) {
  const name = el("span", { className: "access-name" }, origin);
  const end = source === "settings"
    ? chip("fromSettings")
    : iconButton("trash", "removeEntry", { onclick: remove });
  return el("div", { className: "access-row" }, name, end);
}
