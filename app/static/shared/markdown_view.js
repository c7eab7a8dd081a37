/**
 * Draws a model's Markdown as it streams in. Finished blocks are rendered once; only the last block
 * is rendered again, less often the longer it is. Rendering is done in small steps (`work.js`), so
 * that neither a long answer nor a long conversation blocks the page. Text that can't be rendered,
 * or not fast enough, is shown as plain text.
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
 * @property {() => HTMLElement} plainNote creates the note that text is shown as plain text
 * @property {(fragment: DocumentFragment, levels: number[]) => void} [decorate] changes blocks
 *   before they are shown; `levels` are those of the enclosing headings, which it must update
 * @property {() => void} [onDrawn] called after each step
 */

/** How many characters may be rendered again for each character that arrives. */
const AGAIN = 16;
/** Milliseconds without new text after which the last block is rendered anyway. */
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
   * Show a part's current state; drawing is scheduled.
   *
   * @param {import("./turn.js").Part} part
   * @param {import("./markdown.js").Source[]} sources of the whole answer
   * @param {boolean} growing whether more may arrive
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

  /** @returns {boolean} whether everything received so far is drawn */
  get drawn() {
    return !this.#queued;
  }

  #begin() {
    this.#state = {
      intake: new Intake(),
      surface: new Surface(this.element, this.#options),
      // Text that was taken but is not finished; `window` limits how much of it is parsed at once.
      tail: "",
      window: LONG,
      credit: LONG,
      // How the tail's first block continues the last finished one.
      join: null,
      code: null,
      plain: null,
      links: Object.create(null),
      // Link definitions in finished blocks: each with the number of definitions before it.
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

  /** Do one step of the drawing; return whether there is more to draw. */
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

  /** Whether no text will follow the tail. */
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
      console.warn("Threadkeeper: text that can't be rendered is shown as plain text.", error);
      return this.#openPlain(text.length);
    }
  }

  /** Return the text to parse and whether its last block ends with it; "" if it must stay plain. */
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

  /** `isLast`: no more text has arrived, so the unfinished block is shown as well. */
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

  /** Show a block as plain text that is too long to be parsed as a whole. */
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
    // The holder will get more pieces: its present nodes are this piece.
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
    // Ignore unfinished definitions: their addresses may be incomplete.
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

  /** Show plain text up to the next empty line, and at least `least` characters. */
  #openPlain(least = 0) {
    const state = this.#state;
    const blank = state.tail.length - state.tail.replace(/^\n+/, "").length;
    this.#advance(blank);
    state.plain = { add: state.surface.plain(), least: Math.max(0, least - blank) };
    return true;
  }

  /** Links may be defined after their use: blocks with such references are rendered again. */
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
