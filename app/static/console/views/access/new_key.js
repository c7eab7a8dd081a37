/** A new key, which is shown this once. */

import { copy } from "../../../shell/clipboard.js";
import { el } from "../../../shell/dom.js";
import { label, say } from "../../../shell/speech.js";
import { openDialog } from "../../pieces/dialog.js";
import { actionButton } from "../../pieces/view_head.js";

/** @param {import("./types.js").Key & {value: string}} key */
export function showNewKey({ value }) {
  const shown = el("input", { type: "text", readOnly: true, value, className: "access-value" });
  label(shown, "newKeyValue");
  shown.addEventListener("focus", () => shown.select());
  const copied = actionButton("primary", "copyKey", () => copy(value), "copy");
  openDialog({
    title: "keyMade",
    content: [say(el("p", {}), "keyMadeText"), shown],
    actions: [copied],
  });
  copied.focus();
}
