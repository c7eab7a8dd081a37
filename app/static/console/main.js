/** Starts the console: gets access to the API, then opens the view that the URL names. */

import { ApiError } from "../shared/client.js";
import { byId } from "../shell/dom.js";
import { addIcons, drawIcons } from "../shell/icons.js";
import { offerPreferences } from "../shell/preferences.js";
import { askForKey, showStartFailure } from "../shell/sign_in.js";
import { say, useTexts } from "../shell/speech.js";
import { contextOf } from "./context.js";
import { consoleDoor } from "./entrance.js";
import { consoleIcons } from "./icons.js";
import { views } from "./registered.js";
import { Router } from "./router.js";
import { textsOf } from "./texts.js";

addIcons(consoleIcons);
for (const { icons } of views) addIcons(icons ?? {});
drawIcons();
useTexts(textsOf(views));
offerPreferences();

const door = consoleDoor(new URL("api/v1/", document.baseURI), () => begin({ refused: true }));
const router = new Router(views);

byId("skip").addEventListener("click", () => router.focus());
byId("sign-out").addEventListener("click", async () => {
  if (!(await router.mayLeave())) return;
  door.forgetKey();
  window.history.replaceState(null, "", window.location.pathname + window.location.search);
  begin();
});

await begin();

async function begin({ refused = false } = {}) {
  router.close();
  for (const id of ["sign-out", "signed-in"]) byId(id).hidden = true;
  try {
    const hadKey = door.hasKey;
    let access = refused ? null : await door.enter();
    while (!access) {
      await askForKey((key) => door.takeKey(key), { refused: refused || hadKey });
      access = await door.enter();
    }
    showCaller(access.kind, access.loaded);
    router.open(contextOf(access, router));
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    showStartFailure(() => begin());
  }
}

/**
 * @param {string} kind how the page got access
 * @param {import("./context.js").Caller} caller
 */
function showCaller(kind, caller) {
  byId("sign-out").hidden = kind !== "key";
  const name = byId("signed-in");
  if (caller.kind === "admin") say(name, "asAdmin");
  else if (caller.project) say(name, "asProject", { project: caller.project });
  name.hidden = caller.kind !== "admin" && !caller.project;
}
