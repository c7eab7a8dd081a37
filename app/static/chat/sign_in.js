/** The form that asks for a key. */

import { signIn } from "./access.js";
import { byId, el, icon } from "./dom.js";
import { say } from "./speech.js";
import { errorText } from "../shared/language.js";

/**
 * Show the form until a key is taken.
 *
 * @param {URL} base
 * @param {{refused?: boolean, publicChat?: boolean}} options `refused`: say that the key that was
 *   used is no longer valid; `publicChat`: offer to go on without one
 * @returns {Promise<boolean>} true when a key is kept, false to go on without
 */
export function askForKey(base, { refused = false, publicChat = false } = {}) {
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
  const tell = (name, values) => {
    say(problem, name, values);
    field.setAttribute("aria-invalid", "true");
    field.focus();
  };
  const submit = async (event) => {
    event.preventDefault();
    const key = field.value.trim();
    if (!key) {
      tell("keyNeeded");
      return;
    }
    button.disabled = true;
    say(button, "checking");
    try {
      if (await signIn(base, key)) resolve(true);
      else tell("keyRefused");
    } catch (error) {
      const { name, values } = errorText(error);
      tell(name, values);
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
  if (publicChat) {
    const skip = el("button", { type: "button", className: "link", onclick: () => resolve(false) });
    section.append(say(skip, "useNoKey"));
  }
  section.hidden = false;
  field.focus();
  if (refused) tell("keyRefused");
  return promise.finally(() => {
    section.hidden = true;
    section.replaceChildren();
  });
}
