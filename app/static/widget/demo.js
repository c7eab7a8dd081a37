/** The demo site's own script: sets the language and the widget's attributes, lists its events. */

const texts = {
  ko: {
    title: "모퉁이 빵집",
    greeting: "안녕하세요! 무엇을 도와드릴까요?",
    suggestions: "오늘 몇 시까지 여나요?|글루텐 없는 빵이 있나요?",
  },
  en: {
    title: "Corner Bakery",
    greeting: "Hello! How can we help?",
    suggestions: "How late are you open?|Is anything gluten-free?",
  },
};

const asked = new URLSearchParams(location.search).get("lang") ?? navigator.language;
const language = asked.startsWith("ko") ? "ko" : "en";
document.documentElement.lang = language;

document.addEventListener("DOMContentLoaded", () => {
  const script = pagePart("script[src$='widget.js']", HTMLScriptElement);
  // Set before the widget reads them. A site in one language writes them into its tag.
  Object.assign(script.dataset, texts[language]);
  pagePart(".server").textContent = new URL(".", script.src).href;
  pagePart("#open").addEventListener("click", () => window.Threadkeeper?.open());
  pagePart("#close").addEventListener("click", () => window.Threadkeeper?.close());
});

/**
 * @template {HTMLElement} [E=HTMLElement]
 * @param {string} selector
 * @param {{new (): E}} [kind] class that the element must have
 * @returns {E} the first match on the page
 */
function pagePart(selector, kind = /** @type {{new (): any}} */ (HTMLElement)) {
  const found = document.querySelector(selector);
  if (!(found instanceof kind)) throw new Error(`This page has no ${selector}.`);
  return found;
}

/** Show which setting is missing if the widget can't chat: a server with keys needs PUBLIC_CHAT. */
async function showNeeds() {
  const answer = await fetch("../api/v1/access");
  const terms = await answer.json();
  pagePart(".needs").hidden = terms.mode === "open" || terms.public_chat;
}

document.addEventListener("DOMContentLoaded", () => {
  showNeeds().catch((error) => console.warn("Threadkeeper: access can't be read", error));
});

for (const name of ["open", "close", "message"]) {
  window.addEventListener(`threadkeeper:${name}`, (event) => {
    const detail = event instanceof CustomEvent ? event.detail : null;
    const line = document.createElement("li");
    line.textContent = detail ? `${name} ${JSON.stringify(detail)}` : name;
    pagePart("#events").append(line);
  });
}
