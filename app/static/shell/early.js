"use strict";

// Runs before the first paint, so that no page flashes in the wrong colours. A classic script,
// because modules run later. preferences.js stores the theme, speech.js the language.
(() => {
  const kept = (/** @type {string} */ name) => {
    try {
      return JSON.parse(window.localStorage.getItem(name) ?? "null");
    } catch {
      return null;
    }
  };
  const theme = kept("threadkeeper.theme");
  if (theme) document.documentElement.dataset.theme = theme;
  const languages = [kept("threadkeeper.language"), ...navigator.languages];
  const spoken = languages.map((one) => one?.slice(0, 2));
  document.documentElement.lang = spoken.find((one) => one === "ko" || one === "en") ?? "en";
})();
