/** The form that asks for a key, in the page's `<section id="sign-in" class="sign-in" hidden>`. */

import { ApiError } from "../shared/client.js";
import { errorText } from "../shared/language.js";
import { byId, el } from "./dom.js";
import { icon } from "./icons.js";
import { say } from "./speech.js";

/**
 * Show the form until a key is accepted.
 *
 * @param {(key: string) => Promise<boolean>} takeKey stores a key; false if the server refuses it
 * @param {{refused?: boolean, skip?: string|null}} [options] `refused`: say that the last key is
 *   not valid; `skip`: the name of the text that offers to continue without a key
 * @returns {Promise<boolean>} true if a key was stored, false to continue without one
 */
export function askForKey(takeKey, { refused = false, skip = null } = {}) {
  /** @type {PromiseWithResolvers<boolean>} */
  const { promise, resolve } = Promise.withResolvers();
  const field = el("input", {
    id: "key",
    type: "password",
    autocomplete: "off",
    spellcheck: false,
    required: true,
    "aria-describedby": "key-error",
  });
  const problem = el("p", { id: "key-error", className: "problem", role: "alert" });
  const button = say(el("button", { type: "submit", className: "primary" }), "signIn");
  /** @type {(name: string, values?: import("../shared/language.js").Values) => void} */
  const explain = (name, values) => {
    say(problem, name, values);
    field.setAttribute("aria-invalid", "true");
    field.focus();
  };
  const submit = async (/** @type {Event} */ event) => {
    event.preventDefault();
    const key = field.value.trim();
    if (!key) {
      explain("keyNeeded");
      return;
    }
    button.disabled = true;
    say(button, "checking");
    try {
      if (await takeKey(key)) resolve(true);
      else explain("keyRefused");
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      const { name, values } = errorText(error);
      explain(name, values);
    } finally {
      button.disabled = false;
      say(button, "signIn");
    }
  };
  const section = byId("sign-in");
  section.replaceChildren(
    el("div", { className: "mark" }, icon("key")),
    say(el("h2", {}), "signInTitle"),
    say(el("p", { className: "muted" }), "signInText"),
    el(
      "form",
      { onsubmit: submit, noValidate: true },
      say(el("label", { htmlFor: "key" }), "keyField"),
      field,
      problem,
      button,
    ),
  );
  if (skip) {
    const link = el("button", { type: "button", className: "link", onclick: () => resolve(false) });
    section.append(say(link, skip));
  }
  section.hidden = false;
  field.focus();
  if (refused) explain("keyRefused");
  return promise.finally(() => {
    section.hidden = true;
    section.replaceChildren();
  });
}

/**
 * Say that the server can't be reached, instead of showing the form.
 *
 * @param {() => void} retry
 */
export function showStartFailure(retry) {
  const section = byId("sign-in");
  const onclick = () => {
    section.hidden = true;
    retry();
  };
  section.replaceChildren(
    el("div", { className: "mark" }, icon("warning")),
    el("div", { role: "alert" }, say(el("h2", {}), "startFailed")),
    say(el("button", { type: "button", className: "primary", onclick }), "retry"),
  );
  section.hidden = false;
}
