/** The page at `/`: its language, and whether the demo model answers. */

const asked = new URLSearchParams(location.search).get("lang") ?? navigator.language;
document.documentElement.lang = asked.startsWith("ko") ? "ko" : "en";
document.documentElement.classList.add("one-language");

async function showModel() {
  const answer = await fetch("api/v1/health");
  const health = await answer.json();
  document.querySelector(".demo").hidden = health.upstream !== "demo";
}

document.addEventListener("DOMContentLoaded", () => {
  showModel().catch((error) => console.warn("Threadkeeper: health can't be read", error));
});
