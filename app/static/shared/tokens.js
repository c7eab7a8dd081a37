/** Reads and changes marked's block tokens. Pure. */

/** @typedef {import("../vendor/marked.js").Token} Token */

/**
 * @param {Token[]} tokens
 * @returns {string[]} names of the links that they define
 */
export function tagsIn(tokens) {
  return tokens.flatMap((/** @type {Token} */ token) => {
    if (token.type === "def") return [token.tag];
    return tagsIn(token.items ?? (token.type === "paragraph" ? [] : (token.tokens ?? [])));
  });
}

/** @returns {string[]} names of the links that a block may refer to */
export function labelsIn({ raw }) {
  const found = raw.matchAll(/\[([^[\]\n]+)\]/g);
  return [...found].map(([, label]) => label.trim().toLowerCase().replace(/\s+/g, " "));
}

/** Make a list loose (with paragraphs as items), because an earlier piece of it was. */
export function loosen(list) {
  list.loose = true;
  for (const item of list.items) {
    item.loose = true;
    for (const token of item.tokens) if (token.type === "text") token.type = "paragraph";
  }
}
