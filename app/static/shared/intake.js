/** A part's text as it is read: piece by piece, with a mark in place of each annotation. Pure. */

import { citationMark, fileMark, withoutMarks } from "./markdown.js";

/** Reads a text that grows. Citations' offsets count code points, as the API does. */
export class Intake {
  #at = 0;
  #points = 0;
  #cited = [];

  /**
   * Take text that has not been taken.
   *
   * @param {import("./turn.js").Part} part
   * @param {import("./markdown.js").Source[]} sources
   * @param {number} most so many characters; citations are never parted
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
      // A line may end in two characters, and the second may come later.
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
   * @param {import("./turn.js").Part} before what was taken from
   * @param {import("./turn.js").Part} part
   * @returns {boolean} whether `part` goes on where `before` was left: it has no other text, nor
   *   another citation, in what was taken
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
  // Of two that overlap, the first one counts.
  let end = 0;
  return inOrder.filter((one) => {
    if (one.start_index < end) return false;
    end = one.end_index;
    return true;
  });
}
