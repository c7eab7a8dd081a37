/** A growing code block: lines are appended, and nothing is drawn twice. */

/** Characters per element: browsers lay out a growing element again as a whole. */
const PART = 2000;

/** Appends the lines of one code block to an element. */
export class CodeView {
  #code;
  #closing;
  #indent;
  #part;
  #partLength = 0;
  #lineBegun = false;
  #isEmpty = true;

  /**
   * @param {HTMLElement} code element for the text
   * @param {{indent: number, marker: string}} fence that opened the block
   */
  constructor(code, { indent, marker }) {
    this.#code = code;
    this.#part = code;
    this.#indent = new RegExp(`^ {0,${indent}}`);
    this.#closing = new RegExp(`^ {0,3}${marker}[\`~]*[ \\t]*$`);
  }

  /**
   * Append text of the block.
   *
   * @param {string} text
   * @param {boolean} whole whether no more follows
   * @returns {{length: number, closed: boolean}} `length`: characters consumed. A last line that
   *   may become the closing fence is left until it is complete.
   */
  read(text, whole) {
    let at = 0;
    let said = "";
    let closed = false;
    while (at < text.length && !closed) {
      const end = text.indexOf("\n", at);
      const line = text.slice(at, end < 0 ? text.length : end);
      const isWhole = end >= 0 || whole;
      if (!this.#lineBegun && isWhole && this.#closing.test(line)) {
        closed = true;
      } else if (!isWhole && !this.#lineBegun && /^[ \t`~]{0,99}$/.test(line)) {
        break;
      } else {
        said += this.#begin(line);
        this.#lineBegun = !isWhole;
      }
      at += line.length + (end < 0 ? 0 : 1);
      if (said.length >= PART) {
        this.#add(said);
        said = "";
      }
    }
    if (said) this.#add(said);
    if (closed || (whole && at >= text.length)) this.#add("\n");
    return { length: at, closed };
  }

  #begin(line) {
    if (this.#lineBegun) return line;
    const text = line.replace(this.#indent, "");
    const first = this.#isEmpty;
    this.#isEmpty = false;
    return first ? text : `\n${text}`;
  }

  #add(text) {
    const first = text.indexOf("\n");
    if (this.#partLength >= PART && first >= 0) {
      this.#part.append(text.slice(0, first + 1));
      this.#part = document.createElement("span");
      this.#part.className = "code-part";
      this.#partLength = 0;
      this.#code.append(this.#part);
      if (first + 1 < text.length) this.#append(text.slice(first + 1));
    } else {
      this.#append(text);
    }
  }

  #append(text) {
    const last = this.#part.lastChild;
    if (last instanceof Text) last.appendData(text);
    else this.#part.append(text);
    this.#partLength += text.length;
  }
}
