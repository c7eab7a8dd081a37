/** A new secret, which is shown this once. */

import { copy } from "../../shell/clipboard.js";
import { el } from "../../shell/dom.js";
import { label, say } from "../../shell/speech.js";
import { openDialog } from "./dialog.js";
import { actionButton } from "./view_head.js";

/**
 * @param {{title: string, text: string, name: string, copy: string, value: string}} shown names of
 *   the texts: `name` is the field's label, `copy` the button; and the secret
 */
export function showSecret({ title, text, name, copy: copyName, value }) {
  const shown = el("input", { type: "text", readOnly: true, value, className: "secret-value" });
  label(shown, name);
  shown.addEventListener("focus", () => shown.select());
  const copied = actionButton("primary", copyName, () => copy(value), "copy");
  openDialog({ title, content: [say(el("p", {}), text), shown], actions: [copied] });
  copied.focus();
}
