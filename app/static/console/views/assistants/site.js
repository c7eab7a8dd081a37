/** The script tag that puts an assistant on a website, what it needs, and how it looks there. */

import { ApiClient, ApiError, keyCredential } from "../../../shared/client.js";
import { copy } from "../../../shell/clipboard.js";
import { el } from "../../../shell/dom.js";
import { currentLanguage, label, say } from "../../../shell/speech.js";
import { openDialog } from "../../pieces/dialog.js";
import { Field, showError } from "../../pieces/form.js";
import { actionButton } from "../../pieces/view_head.js";
import { readOrigin } from "./site_origin.js";
import { signedInVisitors } from "./site_users.js";

const SHOWN = /^((greeting|closed_greeting|suggestions)(_\w+)?|color|logo|theme|hours|handover)$/;

/**
 * @param {import("../../context.js").Context} context
 * @param {string} id of the assistant
 * @param {Record<string, any>} content what its form says
 */
export function openSite(context, id, content) {
  const source = new URL("widget.js", document.baseURI).href;
  const shown = el("code");
  const tagFor = (/** @type {string} */ key) => {
    const attribute = key ? ` data-key="${key}"` : "";
    return `<script src="${source}" data-assistant="${id}"${attribute} async></script>`;
  };
  const code = label(el("pre", { className: "code-sample", tabIndex: 0 }, shown), "siteTag");
  const showTag = (/** @type {string} */ key) => {
    shown.textContent = tagFor(key);
  };
  showTag("");
  const copyTag = actionButton("primary", "copyTag", () => copy(shown.textContent ?? ""), "copy");
  const steps = el("div", { className: "site-steps" },
    say(el("h3"), "siteAllow"),
    allowing(context, (key) => {
      showTag(key);
      copyTag.focus();
    }),
    say(el("h3"), "siteTag"),
    say(el("p"), "siteText"),
    code,
    el("div", {}, copyTag),
    context.caller.kind === "open" ? null : signedInVisitors(context),
    settings(id),
  );
  const preview = el("div", { className: "site-preview" }, say(el("h3"), "sitePreview"),
    frame(id, content), say(el("p", { className: "hint" }), "sitePreviewText"));
  openDialog({
    title: "onYourSite",
    wide: true,
    content: [el("div", { className: "site-columns" }, steps, preview)],
  });
}

/**
 * A form that lets the pages of an origin chat: it makes a key that can do nothing else.
 *
 * @param {import("../../context.js").Context} context
 * @param {(key: string) => void} done
 */
function allowing({ caller }, done) {
  if (caller.kind === "open" || !caller.project) {
    const name = caller.kind === "open" ? "siteOpenServer" : "siteNoProject";
    return say(el("p", { className: "muted" }), name);
  }
  const origin = el("input", { type: "text", inputMode: "url", autocomplete: "off" });
  origin.placeholder = "https://www.example.org";
  origin.spellcheck = false;
  const note = el("p", { className: "hint", role: "status" });
  const admin = el("input", { type: "password", autocomplete: "off", maxLength: 256 });
  const fields = [
    new Field({ name: "origins", label: "siteAddress", control: origin, below: [note] }),
    new Field({ name: "admin", label: "siteAdminKey", control: admin, hint: "siteAdminKeyHint" }),
  ];
  origin.addEventListener("input", () => {
    const read = readOrigin(origin.value);
    if (read.note) say(note, read.note, { origin: read.origin ?? "" });
    else note.textContent = "";
    if (!read.note) delete note.dataset.text;
  });
  const said = el("p", { className: "site-said", role: "status" });
  const button = actionButton("primary", "siteAllowNow", () => form.requestSubmit(), "check");
  const form = el("form", { className: "site-form", noValidate: true },
    ...fields.map(({ element }) => element), el("div", {}, button), said,
    el("input", { type: "submit", hidden: true }));
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const read = readOrigin(origin.value);
    if (!read.origin) {
      if (!read.note) say(note, "originInvalid");
      origin.focus();
      return;
    }
    const base = new URL("api/v1/", document.baseURI);
    const client = new ApiClient(base, keyCredential(admin.value.trim()));
    const path = `admin/projects/${encodeURIComponent(caller.project ?? "")}/keys`;
    const body = { name: new URL(read.origin).host, scope: "chat", origins: [read.origin] };
    button.disabled = true;
    try {
      const { value } = await client.post(path, body);
      admin.value = "";
      say(said, "siteAllowed", { origin: read.origin });
      done(value);
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      if ([401, 403].includes(error.status)) fields[1].fail(error.message);
      else showError(fields, error);
    } finally {
      button.disabled = false;
    }
  });
  return form;
}

/**
 * What the settings must say for a tag without a key.
 *
 * @param {string} id
 */
function settings(id) {
  return el("details", { className: "site-settings" }, say(el("summary"), "siteNeeds"),
    el("ul", { className: "site-needs" }, say(el("li"), "sitePublicChat"),
      say(el("li"), "siteAssistant", { id }), say(el("li"), "siteOrigin")));
}

/**
 * The widget with the assistant's looks. The frame's origin is opaque: it can call nothing.
 *
 * @param {string} id
 * @param {Record<string, any>} content
 */
function frame(id, { name, description, metadata }) {
  const looks = Object.entries(metadata ?? {}).filter(([key]) => SHOWN.test(key));
  const assistant = { id, name, description, metadata: Object.fromEntries(looks) };
  const shown = encodeURIComponent(JSON.stringify({ assistant, language: currentLanguage() }));
  const element = label(el("iframe", { className: "site-frame" }), "sitePreview");
  element.setAttribute("sandbox", "allow-scripts");
  element.src = `widget/preview#${shown}`;
  return element;
}
