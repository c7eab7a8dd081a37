/** The colours and the language that a visitor prefers. */

import { browserStorage } from "../shared/storage.js";
import { byId, icon } from "./dom.js";
import { currentLanguage, label, onLanguage, speak } from "./speech.js";

// early.js reads it under this name.
const THEME = "threadkeeper.theme";

/** Make the two toggles work. */
export function offerPreferences() {
  const darkness = window.matchMedia("(prefers-color-scheme: dark)");
  const isDark = () => {
    const chosen = document.documentElement.dataset.theme;
    return chosen ? chosen === "dark" : darkness.matches;
  };
  const button = byId("toggle-theme");
  const show = () => {
    const other = isDark() ? "light" : "dark";
    button.replaceChildren(icon(other));
    label(button, other);
  };
  button.addEventListener("click", () => {
    const chosen = isDark() ? "light" : "dark";
    document.documentElement.dataset.theme = chosen;
    browserStorage.set(THEME, chosen);
    show();
  });
  darkness.addEventListener("change", show);
  show();
  const toggle = byId("toggle-language");
  // The button speaks the language that it leads to.
  const tell = () => {
    toggle.lang = currentLanguage() === "ko" ? "en" : "ko";
  };
  toggle.addEventListener("click", () => speak(toggle.lang));
  onLanguage(tell);
  tell();
}
