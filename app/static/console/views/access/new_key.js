/** A new key, which is shown this once. */

import { showSecret } from "../../pieces/secret_dialog.js";

/** @param {import("./types.js").Key & {value: string}} key */
export function showNewKey({ value }) {
  const texts = { title: "keyMade", text: "keyMadeText", name: "newKeyValue", copy: "copyKey" };
  showSecret({ ...texts, value });
}
