/** The script tag that puts an assistant on a website, and what it still needs. */

import { copy } from "../../../shell/clipboard.js";
import { el } from "../../../shell/dom.js";
import { say } from "../../../shell/speech.js";
import { attempt } from "../../pieces/attempt.js";
import { openDialog } from "../../pieces/dialog.js";
import { actionButton } from "../../pieces/view_head.js";

/**
 * @param {import("../../context.js").Context} context
 * @param {string} id of the assistant
 */
export async function openSite(context, id) {
  const source = new URL("widget.js", document.baseURI).href;
  const tag = `<script src="${source}" data-assistant="${id}" async></script>`;
  const code = el("pre", { className: "code-sample", tabIndex: 0 }, el("code", {}, tag));
  const needs = el("ul", { className: "site-needs" });
  const demo = el("a", { className: "secondary", href: "widget/demo", target: "_blank" });
  demo.rel = "noopener";
  openDialog({
    title: "onYourSite",
    wide: true,
    content: [
      say(el("p"), "siteText"),
      code,
      el("div", { className: "view-actions" },
        actionButton("primary", "copyTag", () => copy(tag), "copy"), say(demo, "siteDemo")),
      say(el("h3"), "siteNeeds"),
      needs,
    ],
  });
  const access = await attempt(context.client.get("access"));
  if (!access) return;
  const publicChat = access.public_chat ? "publicChatIsOn" : "publicChatIsOff";
  needs.append(
    say(el("li"), publicChat),
    say(el("li"), "siteAssistant", { id }),
    say(el("li"), "siteOrigin"),
  );
}
