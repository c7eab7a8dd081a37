/** What a person types as the address of a site, and the origin that browsers send for it. */

/**
 * @typedef {object} Read
 * @property {string|null} origin null: there is none in what was typed
 * @property {string|null} note name of a text that explains what is wrong or was changed
 */

const SCHEME = /^[a-z][a-z0-9+.-]*:\/\//i;

/**
 * @param {string} typed
 * @returns {Read}
 */
export function readOrigin(typed) {
  const text = typed.trim();
  if (!text) return { origin: null, note: null };
  if (text.includes("*")) return { origin: null, note: "originWildcard" };
  if (/^(null$|file:|[a-z]:\\|\/)/i.test(text)) return { origin: null, note: "originFile" };
  const hasScheme = SCHEME.test(text);
  const url = URL.parse(hasScheme ? text : `https://${text}`);
  if (!url || !["http:", "https:"].includes(url.protocol) || /\s/.test(text)) {
    return { origin: null, note: "originInvalid" };
  }
  const { origin, hostname } = url;
  if (!hostname.includes(".") && hostname !== "localhost" && !hostname.startsWith("[")) {
    return { origin: null, note: "originInvalid" };
  }
  if (!hasScheme) return { origin, note: "originScheme" };
  if (text !== origin) return { origin, note: "originChanged" };
  const isLocal = /^(localhost|127\.|\[::1\])/.test(hostname);
  return { origin, note: url.protocol === "http:" && !isLocal ? "originInsecure" : null };
}
