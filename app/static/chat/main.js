/** The chat page: finds the way in, then lets its parts work together. */

import { ApiError } from "../shared/client.js";
import { enter, hasKey, isPublic, signOut } from "./access.js";
import { ChatPage } from "./chat_page.js";
import { Drawer } from "./drawer.js";
import { byId, el, icon } from "./dom.js";
import { offerPreferences } from "./preferences.js";
import { askForKey } from "./sign_in.js";
import { applyTexts, say } from "./speech.js";

const BASE = new URL("api/v1/", document.baseURI);

applyTexts();
offerPreferences();
const page = new ChatPage(new Drawer(), { onRefused: () => begin({ refused: true }) });

byId("skip").addEventListener("click", () => byId("message").focus());
byId("use-key").addEventListener("click", () => begin({ wantsKey: true }));
byId("sign-out").addEventListener("click", () => {
  signOut();
  page.forget();
  begin();
});

await begin();

async function begin({ refused = false, wantsKey = false } = {}) {
  page.close();
  try {
    const hadKey = hasKey();
    let access = wantsKey || refused ? null : await enter(BASE, page.onRefused);
    while (!access) {
      const publicChat = await isPublic(BASE);
      const signedIn = await askForKey(BASE, { refused: refused || hadKey, publicChat });
      // A visitor's thread is not one of the key's.
      if (signedIn && wantsKey) page.forget();
      access = await enter(BASE, page.onRefused);
    }
    await page.open(access);
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    showFailure();
  }
}

function showFailure() {
  const section = byId("sign-in");
  const retry = () => {
    section.hidden = true;
    begin();
  };
  const button = el("button", { type: "button", className: "primary", onclick: retry });
  section.replaceChildren(
    el("div", { className: "mark" }, icon("warning")),
    el("div", { role: "alert" }, say(el("h2", {}), "startFailed")),
    say(button, "retry"),
  );
  section.hidden = false;
}
