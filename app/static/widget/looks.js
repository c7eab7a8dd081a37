/** The site's looks: colours with readable text, corners, a font, a logo. Only checked values. */

import { element } from "./elements.js";

/** WCAG AA for text. */
const READABLE = 4.5;
const COLOR = /^#[\da-f]{6}$/i;
const FAMILY = /^["']?([\p{L}\p{N}][\p{L}\p{N} _-]{0,63})["']?$/u;
const GENERIC = /^(serif|sans-serif|monospace|system-ui|ui-rounded|ui-serif|ui-sans-serif)$/;
const MOST_FAMILIES = 6;
const MOST_RADIUS = 28;
const IMAGE = /^data:image\/(png|jpeg|gif|webp|avif|svg\+xml)[;,]/i;

const LIGHT = { background: "#ffffff", text: "#1b1d22", danger: "#b3261e" };
const DARK = { background: "#1b1d22", text: "#eceef2", danger: "#ffb4ab" };

/** @type {Record<string, (value: string) => boolean>} */
const KNOWN = {
  scheme: (value) => /^(auto|light|dark)$/.test(value),
  background: (value) => COLOR.test(value),
  text: (value) => COLOR.test(value),
  "dark-background": (value) => COLOR.test(value),
  "dark-text": (value) => COLOR.test(value),
  radius: (value) => /^\d{1,2}(px)?$/.test(value) && parseInt(value, 10) <= MOST_RADIUS,
  font: (value) => familiesOf(value) !== null,
};

/**
 * Read `background: #fffaf0; radius: 8px; font: Pretendard, sans-serif`.
 *
 * @param {string} text
 * @returns {Record<string, string>} known entries with a valid value; others are reported
 */
export function readTheme(text) {
  /** @type {Record<string, string>} */
  const theme = {};
  for (const entry of text.split(";").filter((one) => one.trim())) {
    const [name, value = ""] = entry.split(/:(.*)/s).map((part) => part.trim());
    if (Object.hasOwn(KNOWN, name) && KNOWN[name](value)) theme[name] = value;
    else console.warn(`Threadkeeper: "${entry.trim()}" in the theme is unknown or invalid.`);
  }
  return theme;
}

/**
 * @param {{color: string|null, theme: string|null}} looks colours as #rrggbb
 * @returns {string} CSS for the widget's shadow tree
 */
export function lookStyle({ color, theme: given }) {
  const theme = readTheme(given ?? "");
  const accent = color && COLOR.test(color) ? color : null;
  const rules = [...colorRules(theme), ...(accent ? [accentRule(accent)] : [])];
  if (theme.radius) rules.push(cornerRules(parseInt(theme.radius, 10)));
  const families = theme.font && familiesOf(theme.font);
  if (families) rules.push(`.dialog { font-family: ${families}, system-ui, sans-serif; }`);
  return rules.join("\n");
}

/**
 * The site's attributes come before the assistant's metadata.
 *
 * @param {DOMStringMap} dataset
 * @param {Record<string, string>} metadata
 * @returns {{color: string|null, theme: string|null, logo: HTMLImageElement|null}}
 */
export function looksOf(dataset, metadata) {
  const address = dataset.logo || metadata.logo;
  const base = dataset.logo ? document.baseURI : undefined;
  return {
    color: dataset.color ? null : (metadata.color ?? null),
    theme: dataset.theme || metadata.theme || null,
    logo: address ? logo(address, base) : null,
  };
}

/**
 * @param {string} address an https or `data:` URL of an image, or one of the site's own
 * @param {string} [base] URL that `address` may be relative to; only the site's own pages have one
 * @returns {HTMLImageElement|null} null if the address is refused
 */
function logo(address, base) {
  const source = imageSource(address, base);
  if (!source) {
    console.warn("Threadkeeper: the logo is neither an https address nor a data: image.");
    return null;
  }
  const image = element("img", { className: "logo", alt: "", referrerPolicy: "no-referrer" });
  image.addEventListener("error", () => {
    // Perhaps the site's Content-Security-Policy forbids it (img-src).
    console.warn("Threadkeeper: the logo can't be loaded.");
    image.remove();
  });
  image.src = source;
  return image;
}

function imageSource(address, base) {
  if (IMAGE.test(address)) return address;
  const url = URL.canParse(address, base) ? new URL(address, base) : null;
  const isOwn = Boolean(base) && url?.origin === window.location.origin;
  return url && (url.protocol === "https:" || isOwn) ? url.href : null;
}

function colorRules({ scheme = "auto", ...theme }) {
  const light = palette(LIGHT, theme.background, theme.text);
  const dark = palette(DARK, theme["dark-background"], theme["dark-text"]);
  if (scheme !== "auto") {
    const colors = scheme === "dark" ? dark : light;
    // As specific as the defaults' media query, and after it.
    return [`:host { color-scheme: ${scheme} !important; ${colors} }`];
  }
  const isNew = Object.keys(theme).some((name) => /background|text/.test(name));
  if (!isNew) return [];
  return [`:host { ${light} }`, `@media (prefers-color-scheme: dark) { :host { ${dark} } }`];
}

function palette(defaults, background = defaults.background, wanted = defaults.text) {
  const surfaces = [background, raisedOn(background)];
  const text = surfaces.every((surface) => contrast(surface, wanted) >= READABLE)
    ? wanted
    : best(surfaces);
  if (text !== wanted && wanted !== defaults.text) {
    console.warn(`Threadkeeper: ${wanted} can't be read on ${background}, using ${text}.`);
  }
  const readable = (color) => surfaces.every((surface) => contrast(surface, color) >= READABLE);
  const faded = [0.6, 0.7, 0.8, 0.9, 1].map((share) => mixed(background, text, share));
  const danger = [defaults.danger, LIGHT.danger, DARK.danger].find(readable) ?? text;
  return `--text: ${text}; --muted: ${faded.find(readable) ?? text}; --surface: ${background};
    --raised: ${surfaces[1]}; --line: ${mixed(background, text, 0.16)}; --danger: ${danger};`;
}

/** @returns {string} a shade of the background on which its best text colour can be read, too */
function raisedOn(background) {
  const [black, white] = ["#000000", "#ffffff"];
  const [strong, weak] = best([background]) === black ? [black, white] : [white, black];
  const shade = mixed(background, strong, 0.06);
  return contrast(shade, strong) >= READABLE ? shade : mixed(background, weak, 0.06);
}

function best(surfaces) {
  const worst = (color) => Math.min(...surfaces.map((surface) => contrast(surface, color)));
  return worst("#000000") >= worst("#ffffff") ? "#000000" : "#ffffff";
}

function accentRule(color) {
  const on = contrast(color, "#ffffff") >= READABLE ? "#fff" : "#000";
  return `:host { --color: ${color} !important; --on-color: ${on} !important; }`;
}

function cornerRules(radius) {
  const small = Math.round(radius * 0.75);
  return `.dialog { border-radius: ${radius}px; }
    .bubble { border-radius: ${radius}px; }
    .icon, .outline, textarea, form .icon { border-radius: ${small}px; }`;
}

/** @returns {string|null} CSS font families, each name in quotes */
function familiesOf(value) {
  const names = value.split(",").map((name) => name.trim());
  if (names.length > MOST_FAMILIES) return null;
  const quoted = names.map((name) => {
    if (GENERIC.test(name)) return name;
    const read = FAMILY.exec(name);
    return read && `"${read[1]}"`;
  });
  return quoted.every(Boolean) ? quoted.join(", ") : null;
}

/**
 * @param {string} one as #rrggbb
 * @param {string} other
 * @returns {number} 1 to 21, by WCAG
 */
export function contrast(one, other) {
  const [dark, bright] = [luminance(one), luminance(other)].toSorted((a, b) => a - b);
  return (bright + 0.05) / (dark + 0.05);
}

function luminance(color) {
  const [red, green, blue] = channels(color).map((channel) => {
    const value = channel / 255;
    return value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}

/** @returns {string} `share` of `color` over `background` */
function mixed(background, color, share) {
  const over = channels(color);
  const values = channels(background).map((value, at) => value + (over[at] - value) * share);
  return `#${values.map((value) => Math.round(value).toString(16).padStart(2, "0")).join("")}`;
}

function channels(color) {
  return [1, 3, 5].map((start) => parseInt(color.slice(start, start + 2), 16));
}
