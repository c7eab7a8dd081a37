/** A page's two toggles, for the theme and the language. */

import { browserStorage } from "../shared/storage.js";
import { byId } from "./dom.js";
import { icon } from "./icons.js";
import { currentLanguage, label, onLanguage, speak } from "./speech.js";

// early.js reads it under this name.
const THEME = "threadkeeper.theme";

/** Make `#toggle-theme` and `#toggle-language` work. */
export function offerPreferences() {
  offerThemes();
  offerLanguages();
}

function offerThemes() {
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
}

function offerLanguages() {
  const toggle = byId("toggle-language");
  const other = () => (currentLanguage() === "ko" ? "en" : "ko");
  // The button's text is in the language that it switches to.
  const show = () => {
    toggle.lang = other();
  };
  toggle.addEventListener("click", () => speak(other()));
  onLanguage(show);
  show();
}
