/** Script of the page at `/`: sets its language and says if the demo model answers. */
"use strict";

const wanted = new URLSearchParams(location.search).get("lang") ?? navigator.language;
document.documentElement.lang = wanted.startsWith("ko") ? "ko" : "en";
document.documentElement.classList.add("one-language");

async function showModel() {
  const answer = await fetch("api/v1/health");
  const health = await answer.json();
  /** @type {HTMLElement|null} */
  const note = document.querySelector(".demo");
  if (note) note.hidden = health.upstream !== "demo";
}

document.addEventListener("DOMContentLoaded", () => {
  showModel().catch((error) => console.warn("Threadkeeper: health can't be read", error));
});
