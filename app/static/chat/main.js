/** Starts the chat page: gets access to the API, then opens the page. */

import { ApiError } from "../shared/client.js";
import { byId } from "../shell/dom.js";
import { addIcons, drawIcons } from "../shell/icons.js";
import { offerPreferences } from "../shell/preferences.js";
import { askForKey, showStartFailure } from "../shell/sign_in.js";
import { useTexts } from "../shell/speech.js";
import { ChatPage } from "./chat_page.js";
import { Drawer } from "./drawer.js";
import { chatAccess, chatDoor } from "./entrance.js";
import { chatIcons } from "./icons.js";
import { pageTexts } from "./texts.js";

addIcons(chatIcons);
drawIcons();
useTexts(pageTexts);
offerPreferences();

const door = chatDoor(new URL("api/v1/", document.baseURI), () => begin({ refused: true }));
const page = new ChatPage(new Drawer());

byId("skip").addEventListener("click", () => byId("message").focus());
byId("use-key").addEventListener("click", () => begin({ wantsKey: true }));
byId("sign-out").addEventListener("click", () => {
  door.forgetKey();
  page.forget();
  begin();
});

await begin();

async function begin({ refused = false, wantsKey = false } = {}) {
  page.close();
  try {
    const hadKey = door.hasKey;
    let access = wantsKey || refused ? null : await door.enter();
    while (!access) {
      const skip = (await door.admitsVisitors()) ? "useNoKey" : null;
      const takeKey = (/** @type {string} */ key) => door.takeKey(key);
      const signedIn = await askForKey(takeKey, { refused: refused || hadKey, skip });
      // With a key, the visitor's thread is not accessible.
      if (signedIn && wantsKey) page.forget();
      access = await door.enter();
    }
    await page.open(chatAccess(access));
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    showStartFailure(() => begin());
  }
}
