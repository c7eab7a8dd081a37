/** What the pages use of KaTeX. */

declare const katex: {
  renderToString(text: string, options: object): string;
};

export default katex;
