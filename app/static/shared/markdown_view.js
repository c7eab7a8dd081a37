/**
 * A model's Markdown in the page, as it grows. Finished blocks are rendered once; only the block at
 * the end is rendered again, and not more often than its length allows. What takes more than a
 * moment is done in steps (`work.js`), so neither a long answer nor a long conversation blocks the
 * page. What can't be rendered, or not in time, is shown as plain text.
 */

import { Intake } from "./intake.js";
import { tokensOf } from "./markdown.js";
import {
  fenceBelow,
  finishedTokens,
  LONG,
  LONGEST,
  openingFence,
  plainEnd,
  splitBlock,
  tooComplex,
} from "./splitting.js";
import { labelsIn, loosen, tagsIn } from "./tokens.js";
import { Surface } from "./surface.js";
import { work } from "./work.js";

/**
 * @typedef {object} MarkdownOptions
 * @property {(button: HTMLButtonElement, source: import("./markdown.js").Source) => void}
 *   nameButton names a citation's button
 * @property {() => HTMLElement} plainNote says that text is shown as it was written
 * @property {(fragment: DocumentFragment, levels: number[]) => void} [decorate] changes blocks
 *   before they are shown; the numbers are the levels of the headings above, to be kept up to date
 * @property {() => void} [onDrawn] called after each step
 */

/** So many characters may be rendered again for each one that arrives. */
const AGAIN = 16;
/** Milliseconds: if nothing more arrives, what is there is shown all the same. */
const SILENCE = 200;

/** Draws one part of an answer into its element. */
export class MarkdownView {
  #options;
  /** @type {import("./turn.js").Part} */
  #part = { type: "text", value: "", annotations: [] };
  /** @type {import("./markdown.js").Source[]} */
  #sources = [];
  #growing = true;
  #known = "";
  #queued = false;
  /** @type {ReturnType<typeof setTimeout>|undefined} */
  #silence;
  #state;

  /** @param {MarkdownOptions} options */
  constructor({ nameButton, plainNote, decorate = () => {}, onDrawn = () => {} }) {
    this.#options = { nameButton, plainNote, decorate, onDrawn };
    this.element = document.createElement("div");
    this.element.className = "markdown";
    this.#begin();
  }

  /**
   * Show a part as it is now; it is drawn soon.
   *
   * @param {import("./turn.js").Part} part
   * @param {import("./markdown.js").Source[]} sources of the whole answer
   * @param {boolean} growing whether more may come
   */
  show(part, sources, growing) {
    const known = `${part.value.length} ${part.annotations.length} ${growing}`;
    if (part === this.#part && known === this.#known) return;
    if (!this.#state.intake.goesOn(this.#part, part)) this.#begin();
    this.#known = known;
    this.#part = part;
    this.#sources = sources;
    this.#growing = growing;
    this.#queue();
  }

  /** @returns {boolean} whether all that is known is shown */
  get drawn() {
    return !this.#queued;
  }

  #begin() {
    this.#state = {
      intake: new Intake(),
      surface: new Surface(this.element, this.#options),
      // What was taken and is not finished; so much of it is looked at.
      tail: "",
      window: LONG,
      credit: LONG,
      // How the block at its beginning goes on with the last finished one.
      join: null,
      code: null,
      plain: null,
      links: Object.create(null),
      // The links that finished blocks define, each with how many were defined before.
      defined: new Map(),
      referring: [],
    };
  }

  #queue() {
    clearTimeout(this.#silence);
    if (this.#queued) return;
    this.#queued = true;
    work(() => {
      this.#queued = this.#step();
      this.#options.onDrawn();
      return this.#queued;
    });
  }

  /** Draw a little; return whether there is more to draw. */
  #step() {
    const state = this.#state;
    while (state.tail.length <= state.window && state.intake.hasMore(this.#part)) {
      const text = state.intake.take(this.#part, this.#sources, LONG);
      state.tail += text;
      state.credit += text.length * AGAIN;
    }
    if (state.code) return this.#stepCode();
    if (state.plain) return this.#stepPlain();
    if (state.tail) return this.#stepBlocks();
    return !this.#growing && this.#stepReferring();
  }

  /** Whether the tail is all that there will be. */
  get #isWhole() {
    return !this.#growing && !this.#state.intake.hasMore(this.#part);
  }

  #stepCode() {
    const state = this.#state;
    const { length, closed } = state.code.read(state.tail, this.#isWhole);
    state.tail = state.tail.slice(length);
    if (closed || (this.#isWhole && !state.tail)) state.code = null;
    return length > 0 || this.#isWhole;
  }

  #stepPlain() {
    const state = this.#state;
    const { length, closed } = plainEnd(state.tail, state.plain.least, this.#isWhole);
    const text = state.tail.slice(0, length);
    if (text) state.plain.add(closed ? text.trimEnd() : text);
    state.plain.least = Math.max(0, state.plain.least - length);
    state.tail = state.tail.slice(length);
    if (closed || (this.#isWhole && !state.tail)) state.plain = null;
    return closed || state.intake.hasMore(this.#part) || this.#isWhole;
  }

  #stepBlocks() {
    const state = this.#state;
    const fence = state.join?.kind === "words" ? null : openingFence(state.tail, this.#isWhole);
    if (fence) {
      this.#advance(fence.length);
      state.code = state.surface.code(fence);
      return true;
    }
    const { text, isFinal } = this.#look();
    if (!text) return this.#openPlain();
    const isLast = !isFinal && text.length === state.tail.length;
    if (isLast && text.length > state.credit) {
      this.#silence = setTimeout(() => {
        state.credit = text.length;
        this.#queue();
      }, SILENCE);
      return false;
    }
    try {
      return this.#render(text, isFinal, isLast && !state.intake.hasMore(this.#part));
    } catch (error) {
      console.warn("Threadkeeper: text that can't be rendered is shown as it is.", error);
      return this.#openPlain(text.length);
    }
  }

  /** Return what to look at, and whether blocks end where it does; "" for what must stay plain. */
  #look() {
    const { tail, window } = this.#state;
    let text = tail.slice(0, window);
    let isFinal = this.#isWhole && text.length === tail.length;
    const below = fenceBelow(text);
    const complex = tooComplex(below > 0 ? text.slice(0, below) : text);
    const end = complex?.from ?? below;
    if (end >= 0) {
      text = text.slice(0, end);
      isFinal = true;
    }
    return { text, isFinal };
  }

  /** `isLast`: nothing more is there now, so that the open block is shown as well. */
  #render(text, isFinal, isLast) {
    const state = this.#state;
    const { join } = state;
    const prefix = join?.prefix ?? "";
    state.credit -= text.length;
    const whole = prefix + text;
    const tokens = this.#tokens(whole, !isFinal);
    const count = isFinal ? tokens.length : finishedTokens(tokens, whole);
    if (!count && text.length >= LONG) {
      const split = splitBlock(tokens[0], whole);
      if (split && split.length > prefix.length) return this.#putSplit(split, whole, prefix);
      if (text.length >= LONGEST) return this.#giveUp(tokens, text);
      state.window = Math.min(state.window * 2, LONGEST);
      if (!isLast) return true;
    }
    const finished = tokens.slice(0, count);
    this.#put(finished, isLast ? tokens.slice(count) : []);
    const length = finished.reduce((sum, { raw }) => sum + raw.length, 0);
    if (count) this.#advance(isFinal ? text.length : length - prefix.length);
    return !isLast;
  }

  /** A block is too long to be looked at as a whole. */
  #giveUp(tokens, text) {
    const count = finishedTokens(tokens, text, false);
    if (!count) return this.#openPlain(text.length);
    const finished = tokens.slice(0, count);
    this.#put(finished, []);
    this.#advance(finished.reduce((sum, { raw }) => sum + raw.length, 0));
    return true;
  }

  #putSplit({ length, token, kind }, whole, prefix) {
    const { surface } = this.#state;
    const { referring } = this.#state;
    const before = referring.length;
    this.#put(token ? [token] : this.#tokens(whole.slice(0, length), false), []);
    const holder = surface.holder(kind);
    // More goes into the same holder: only what is in there now is this piece.
    for (const one of referring.slice(before)) {
      if (one.kind === null && holder) Object.assign(one, { kind, nodes: [...holder.childNodes] });
    }
    this.#advance(length - prefix.length);
    const head = kind === "table" ? whole.split("\n", 2).join("\n").concat("\n") : "";
    this.#state.join = { kind, holder, prefix: head, isLoose: Boolean(token?.loose) };
    return true;
  }

  #put(finished, open) {
    const state = this.#state;
    const defined = state.defined.size;
    for (const tag of tagsIn(finished)) {
      if (!state.defined.has(tag)) state.defined.set(tag, state.defined.size);
    }
    // An unfinished definition is none: its address may not be whole.
    for (const tag of tagsIn(open)) if (!state.defined.has(tag)) delete state.links[tag];
    const referring = state.surface.put(finished, open, this.#sources, state.join);
    state.referring.push(...referring.map((one) => ({ ...one, defined })));
  }

  #advance(length) {
    const state = this.#state;
    state.tail = state.tail.slice(length);
    state.window = LONG;
    state.join = null;
  }

  #tokens(text, growing) {
    const tokens = tokensOf(text, this.#state.links, growing);
    if (this.#state.join?.isLoose && tokens[0].type === "list") loosen(tokens[0]);
    return tokens;
  }

  /** Up to the next empty line, and at least `least` characters. */
  #openPlain(least = 0) {
    const state = this.#state;
    const blank = state.tail.length - state.tail.replace(/^\n+/, "").length;
    this.#advance(blank);
    state.plain = { add: state.surface.plain(), least: Math.max(0, least - blank) };
    return true;
  }

  /** Links may be defined below: what refers to them is rendered once more, at the end. */
  #stepReferring() {
    const { referring, defined, surface } = this.#state;
    const one = referring.pop();
    if (!one) return false;
    if (labelsIn(one.token).some((label) => defined.get(label) >= one.defined)) {
      surface.replace(one, this.#tokens(one.token.raw, false)[0], this.#sources);
    }
    return referring.length > 0;
  }
}
