/** The secret by which a webhook's receiver knows that this server sent it. */

import { showSecret } from "../../pieces/secret_dialog.js";

/**
 * @param {string} value
 * @param {string} text name of the text that says what to do with it
 */
export function showSigningSecret(value, text) {
  showSecret({ title: "signingSecret", text, name: "signingSecret", copy: "copySecret", value });
}
