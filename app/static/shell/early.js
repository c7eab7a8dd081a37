"use strict";

// Before anything is painted, so that no page flashes in the wrong colours; not a module, for
// modules run later. What is kept is written by preferences.js.
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
