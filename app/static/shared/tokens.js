/** What marked's tokens of blocks hold. Pure. */

/** @typedef {import("../vendor/marked.js").Token} Token */

/**
 * @param {Token[]} tokens
 * @returns {string[]} the names of the links that they define
 */
export function tagsIn(tokens) {
  return tokens.flatMap((/** @type {Token} */ token) => {
    if (token.type === "def") return [token.tag];
    return tagsIn(token.items ?? (token.type === "paragraph" ? [] : (token.tokens ?? [])));
  });
}

/** @returns {string[]} the names of links that a block may refer to */
export function labelsIn({ raw }) {
  const found = raw.matchAll(/\[([^[\]\n]+)\]/g);
  return [...found].map(([, label]) => label.trim().toLowerCase().replace(/\s+/g, " "));
}

/** Make a list one whose items stand apart, as an earlier piece of it showed. */
export function loosen(list) {
  list.loose = true;
  for (const item of list.items) {
    item.loose = true;
    for (const token of item.tokens) if (token.type === "text") token.type = "paragraph";
  }
}
