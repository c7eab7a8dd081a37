/**
 * Threadkeeper's chat button, for any site:
 *
 *   <script src="https://chat.example.org/widget.js" data-title="Bakery" async></script>
 *
 * docs/clients.md has its attributes and events, and what a Content-Security-Policy must allow.
 */
(() => {
  "use strict";
  if (window.Threadkeeper) return;
  const { src, dataset } = /** @type {HTMLScriptElement} */ (document.currentScript);
  const base = new URL(".", src).href;
  const name = `threadkeeper ${base} ${dataset.assistant ?? ""}`;
  let widget, panel, user = dataset.user || null;

  function choice(attribute, allowed, fallback) {
    const value = dataset[attribute]?.toLowerCase();
    if (!value || allowed.test(value)) return value || fallback;
    console.warn(`Threadkeeper: data-${attribute}="${value}" is invalid, using ${fallback}.`);
    return fallback;
  }

  const COLOR = /^#[\da-f]{6}$/i;

  /** The assistant's colour as the panel last got it; the button itself calls no server. */
  function lastColor() {
    try {
      return localStorage.getItem(`${name} color`)?.match(/#[\da-f]{6}/i)?.[0];
    } catch {
      // Storage is blocked.
    }
  }

  /** White if its contrast is at least 4.5 (WCAG AA), else black, whose contrast then is. */
  function textOn(color) {
    const [red, green, blue] = color.match(/\w\w/g).map((part) => {
      const value = parseInt(part, 16) / 255;
      return value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
    });
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue <= 0.183 ? "#fff" : "#000";
  }

  // In a shadow tree, `!important` beats the page's; `all` resets neither direction nor variables.
  const style = (color, side) => `
    :host {
      all: initial !important; direction: ltr !important; position: fixed !important;
      z-index: 2147483647 !important; bottom: 20px !important; ${side}: 20px !important;
      --color: ${color} !important; --on-color: ${textOn(color)} !important;
    }
    :host::before, :host::after { content: none !important; }
    .launcher {
      all: unset; display: grid; place-items: center; width: 56px; height: 56px;
      border-radius: 50%; background: var(--color); color: var(--on-color); cursor: pointer;
      box-shadow: 0 0 0 2px #fff, 0 4px 16px #0006; forced-color-adjust: none;
    }
    .launcher:focus-visible { outline: 3px solid #000; outline-offset: 2px; }
    .launcher::before {
      content: ""; width: 24px; height: 24px; background: currentColor; clip-path:
        path("M12 2C6 2 1 6 1 11c0 3 2 5 4 7l-1 5 5-3h3c6 0 11-4 11-9s-5-9-11-9z");
    }
    @media print { :host { display: none !important; } }`;

  function start() {
    const tag = document.documentElement.lang || navigator.language;
    const language = choice("language", /^(ko|en)$/, /^ko/i.test(tag) ? "ko" : "en");
    const host = document.createElement("threadkeeper-chat");
    const root = host.attachShadow({ mode: "closed" });
    const sheet = new CSSStyleSheet();
    const side = choice("position", /^(right|left)$/, "right");
    sheet.replaceSync(style(choice("color", COLOR, lastColor() ?? "#0f766e"), side));
    root.adoptedStyleSheets = [sheet];
    const button = root.appendChild(document.createElement("button"));
    button.className = "launcher";
    button.setAttribute("aria-label", dataset.title || (language === "ko" ? "채팅" : "Chat"));
    button.setAttribute("aria-expanded", "false");
    button.onclick = open;
    widget = { base, name, language, side, dataset, root, button, user: () => user };
    document.documentElement.append(host);
    try {
      if (sessionStorage.getItem(name)) load(); // It is open, or an answer is in progress.
    } catch {
      // Storage is blocked.
    }
  }

  async function load() {
    panel ??= import(`${base}static/widget/panel.js`).then((module) => module.mount(widget));
    try {
      return await panel;
    } catch (error) {
      panel = null;
      console.error("Threadkeeper can't be loaded:", error);
      widget.button.textContent = "!";
    }
  }

  async function open() {
    await ready;
    (await load())?.open();
  }

  async function close() {
    (await panel)?.close();
  }

  async function setUser(token) {
    user = token;
    await (await panel)?.userChanged();
  }

  const on = (event, listener) => addEventListener(`threadkeeper:${event}`, listener);
  const off = (event, listener) => removeEventListener(`threadkeeper:${event}`, listener);
  window.Threadkeeper = Object.freeze({ open, close, setUser, on, off });
  const ready = new Promise((done) => {
    if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", done);
    else done(true);
  }).then(start);
})();
