/** Reads a part's text piece by piece, with a mark in place of each annotation. Pure. */

import { citationMark, fileMark, withoutMarks } from "./markdown.js";

/** Reads a growing text. Citations' offsets count code points, as in the API. */
export class Intake {
  #at = 0;
  #points = 0;
  #cited = [];

  /**
   * Take the next piece of text.
   *
   * @param {import("./turn.js").Part} part
   * @param {import("./markdown.js").Source[]} sources
   * @param {number} most maximum number of characters, unless a citation would be split
   * @returns {string}
   */
  take({ value, annotations }, sources, most) {
    const citations = citationsOf(annotations);
    const until = this.#at + most;
    let text = "";
    while (this.#at < value.length && this.#at < until) {
      const next = citations[this.#cited.length];
      const from = this.#at;
      while (this.#at < until && this.#at < value.length && !(this.#points >= next?.start_index)) {
        this.#pass(value);
      }
      // A CRLF may be split across two pieces.
      const begins = value[from - 1] === "\r" && value[from] === "\n" ? from + 1 : from;
      text += withoutMarks(value.slice(begins, this.#at)).replace(/\r\n?/g, "\n");
      if (!(this.#points >= next?.start_index)) continue;
      const before = value.charAt(this.#at - 1);
      while (this.#at < value.length && this.#points < next.end_index) this.#pass(value);
      text += markOf(next, before, sources);
      this.#cited.push(next);
    }
    return text;
  }

  /** @returns {boolean} whether there is more to take */
  hasMore({ value }) {
    return this.#at < value.length;
  }

  /**
   * @param {import("./turn.js").Part} before the part that text was taken from
   * @param {import("./turn.js").Part} part
   * @returns {boolean} whether `part` continues `before`: the text taken so far and its citations
   *   are the same
   */
  goesOn(before, part) {
    const isSame = before === part || part.value.startsWith(before.value.slice(0, this.#at));
    const citations = citationsOf(part.annotations);
    const next = citations[this.#cited.length];
    const known = this.#cited.every(({ text }, place) => text === citations[place]?.text);
    return isSame && known && !(next?.start_index < this.#points);
  }

  #pass(value) {
    this.#at += value.codePointAt(this.#at) > 0xffff ? 2 : 1;
    this.#points += 1;
  }
}

function markOf(annotation, before, sources) {
  if (annotation.type === "file_path") return fileMark(annotation, before);
  const source = sources.find(({ mark }) => mark === annotation.text);
  return source ? citationMark(source.number) : "";
}

function citationsOf(annotations) {
  const cited = annotations.filter(({ type }) => type === "file_citation" || type === "file_path");
  const inOrder = cited.toSorted((a, b) => a.start_index - b.start_index);
  // If two overlap, the first one counts.
  let end = 0;
  return inOrder.filter((one) => {
    if (one.start_index < end) return false;
    end = one.end_index;
    return true;
  });
}
