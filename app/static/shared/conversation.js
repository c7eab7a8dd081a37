/** A conversation on one thread: sending, following, stopping, trying again. Without a page. */

import { cancel, chat, look, lookForQuestion, questionId, remove, run } from "./asking.js";
import { includes } from "./calls/registry.js";
import { ApiError, pause } from "./client.js";
import { followRun } from "./events.js";
import { FileContents } from "./files.js";
import { turnsOf } from "./history.js";
import { applyEvent, isUnderWay, messagesOf, newTurn, toolStep } from "./turn.js";

const PAGE = 100;
const BETWEEN_LOOKS = 1000;

/**
 * Holds the turns. `onTurn(turn)` is called after every change of one, `onThread(threadId)` when a
 * thread was begun.
 */
export class Conversation {
  #client;
  #mayRun;
  #tools;
  #onTurn;
  #onThread;
  #listening = new AbortController();
  #steps = new Map();

  /**
   * @param {object} options
   * @param {import("./client.js").ApiClient} options.client
   * @param {boolean} options.mayRun whether runs may be created; sessions can only chat
   * @param {(assistantId: string|null) => Array<{type: string}>} [options.toolsOf] an assistant's
   * @param {(turn: import("./turn.js").Turn) => void} [options.onTurn]
   * @param {(threadId: string) => void} [options.onThread]
   */
  constructor({ client, mayRun, toolsOf = () => [], onTurn = () => {}, onThread = () => {} }) {
    this.#client = client;
    this.#mayRun = mayRun;
    this.#tools = toolsOf;
    this.#onTurn = onTurn;
    this.#onThread = onThread;
    /** The files that its answers show, until it is left. */
    this.files = new FileContents(client);
    /** @type {string|null} */
    this.threadId = null;
    /** @type {import("./turn.js").Turn[]} */
    this.turns = [];
    /** @type {string|null} id of the oldest message that was loaded, if there are older ones */
    this.olderThan = null;
  }

  /** @returns {import("./turn.js").Turn|null} the turn that is under way */
  get current() {
    const last = this.turns.at(-1);
    return last && isUnderWay(last) ? last : null;
  }

  /**
   * Load a thread; an answer that is being written is followed from its beginning.
   *
   * @param {string} threadId
   * @throws {ApiError} 404 where the thread is not there
   */
  async open(threadId) {
    const [messages, runs] = await Promise.all([
      this.#client.get(`threads/${threadId}/messages`, { query: { limit: PAGE } }),
      this.#client.get(`threads/${threadId}/runs`, { query: { limit: PAGE } }),
    ]);
    this.threadId = threadId;
    this.olderThan = messages.has_more ? messages.last_id : null;
    this.turns = turnsOf(messages.data.toReversed(), runs.data);
    if (this.current) this.#follow(this.current);
  }

  /**
   * Load earlier messages.
   *
   * @returns {Promise<import("./turn.js").Turn[]>} the turns that were put in front
   */
  async loadOlder() {
    const query = { limit: PAGE, after: this.olderThan };
    const page = await this.#client.get(`threads/${this.threadId}/messages`, { query });
    const older = turnsOf(page.data.toReversed(), []);
    this.olderThan = page.has_more ? page.last_id : null;
    this.turns = [...older, ...this.turns];
    return older;
  }

  /**
   * Ask, and follow the answer to its end. Failures are told as the turn's `error`.
   *
   * @param {object} asked
   * @param {string} asked.text
   * @param {string|null} [asked.assistantId]
   * @param {import("./turn.js").FileName[]} [asked.files] uploaded files, to be searched
   * @param {import("./turn.js").FileName[]} [asked.images] uploaded images, to be seen
   * @returns {Promise<import("./turn.js").Turn>} when the turn has ended or was left
   */
  async send({ text, assistantId = null, files = [], images = [] }) {
    const turn = newTurn({
      threadId: this.threadId,
      assistantId,
      question: { id: null, text, files, images, createdAt: Math.floor(Date.now() / 1000) },
    });
    this.turns.push(turn);
    await this.#attempt(turn, async () => this.#ask(turn));
    return turn;
  }

  /**
   * Answer a turn's question anew, whether it failed or its answer did not please. A question
   * that stands in its thread is not written there a second time.
   *
   * @param {import("./turn.js").Turn} turn the last one
   * @returns {Promise<void>} when the turn has ended or was left
   */
  async retry(turn) {
    const wasLost = turn.error?.code === "unreachable";
    if (wasLost && turn.runId) return this.#followAgain(turn);
    const answers = messagesOf(turn);
    Object.assign(turn, { status: "sending", error: null, items: [], awaited: [], runId: null });
    this.#steps.delete(turn);
    return this.#attempt(turn, async () => {
      if (wasLost) await lookForQuestion(this.#client, turn);
      if (turn.runId) return undefined;
      if (turn.stored) {
        for (const answer of answers) await remove(this.#client, turn, answer.id);
        if (this.#mayRun) return this.#run(turn);
        // Sessions can't run a thread as it stands: the question is taken back and asked again.
        await remove(this.#client, turn, await questionId(this.#client, turn));
        Object.assign(turn, { stored: false, question: { ...turn.question, id: null } });
      }
      return this.#ask(turn);
    });
  }

  /** Forget a turn and those after it, whose messages are deleted. */
  forgetFrom(turn) {
    this.turns.splice(this.turns.indexOf(turn));
  }

  /**
   * Stop the answer that is under way; what was written of it stays.
   *
   * @throws {ApiError} where the server could not be told
   */
  async stop() {
    const turn = this.current;
    if (!turn) return;
    turn.status = "stopping";
    this.#onTurn(turn);
    // Without a run yet, it is stopped as soon as there is one.
    if (!turn.runId) return;
    try {
      await cancel(this.#client, turn);
    } catch (error) {
      if (turn.status === "stopping") turn.status = "working";
      this.#onTurn(turn);
      throw error;
    }
  }

  /**
   * Look whether a turn that waits for functions has gone on meanwhile; where it has, follow it.
   *
   * @param {import("./turn.js").Turn} turn
   * @throws {ApiError}
   */
  async check(turn) {
    const { status } = await this.#client.get(`threads/${turn.threadId}/runs/${turn.runId}`);
    if (status !== "requires_action") await this.#followAgain(turn);
  }

  /** Listen no longer; what is under way goes on at the server. */
  leave() {
    this.#listening.abort();
    this.files.clear();
  }

  /**
   * Keep what the reader thinks of an answer.
   *
   * @param {import("./turn.js").Turn} turn
   * @param {"up"|"down"|null} rating null takes it back
   * @throws {ApiError}
   */
  async rate(turn, rating) {
    const message = messagesOf(turn).at(-1);
    if (!message) return;
    const { rating: _, ...kept } = message.metadata;
    const metadata = rating ? { ...kept, rating } : kept;
    const path = `threads/${turn.threadId}/messages/${message.id}`;
    message.metadata = (await this.#client.post(path, { metadata })).metadata;
    this.#onTurn(turn);
  }

  /**
   * @param {import("./turn.js").Turn} turn
   * @returns {Promise<import("./turn.js").ToolStep[]>} its tool steps, with what searches found
   */
  async steps(turn) {
    if (this.#steps.has(turn)) return this.#steps.get(turn);
    const query = { order: "asc", limit: PAGE, "include[]": includes() };
    const path = `threads/${turn.threadId}/runs/${turn.runId}/steps`;
    const page = await this.#client.get(path, { query });
    const steps = page.data.map(toolStep).filter(Boolean);
    if (!isUnderWay(turn)) this.#steps.set(turn, steps);
    return steps;
  }

  /** Send with `begin`, which may return an open stream of events, and follow the run. */
  async #attempt(turn, begin) {
    this.#onTurn(turn);
    let response;
    try {
      response = await begin();
    } catch (error) {
      this.#fail(turn, error);
      return;
    }
    if (turn.runId) this.#begun(turn);
    await this.#follow(turn, response);
  }

  #ask(turn) {
    const { files, images } = turn.question;
    if (this.#mayRun && (files.length || images.length || this.#hasFiles)) return this.#run(turn);
    return chat(this.#client, turn);
  }

  #run(turn) {
    const tools = this.#tools(turn.assistantId);
    const interrupting = this.turns.some(({ status }) => status === "waiting");
    return run(this.#client, turn, { tools, searching: this.#hasFiles, interrupting });
  }

  get #hasFiles() {
    return this.turns.some((turn) => turn.question?.files.length);
  }

  #begun(turn) {
    turn.stored = true;
    // A run that waited for functions has given way.
    for (const other of this.turns.filter(({ status }) => status === "waiting")) {
      other.status = "stopped";
      this.#onTurn(other);
    }
    if (turn.status === "stopping") this.stop().catch(() => {}); // It is shown as at work again.
    else turn.status = "working";
    if (!this.#listening.signal.aborted && this.threadId !== turn.threadId) {
      this.threadId = turn.threadId;
      this.#onThread(turn.threadId);
    }
    this.#onTurn(turn);
  }

  /** From its first event. */
  #followAgain(turn) {
    Object.assign(turn, { status: "working", error: null, items: [], awaited: [] });
    this.#onTurn(turn);
    return this.#follow(turn);
  }

  async #follow(turn, response) {
    const { signal } = this.#listening;
    const onConnection = (connected) => {
      turn.connected = connected;
      this.#onTurn(turn);
    };
    try {
      while (isUnderWay(turn)) {
        const { threadId, runId } = turn;
        const options = { threadId, runId, response, signal, onConnection };
        for await (const event of followRun(this.#client, options)) {
          const isFirst = !turn.runId;
          applyEvent(turn, event);
          if (isFirst && turn.runId) this.#begun(turn);
          else this.#onTurn(turn);
        }
        response = undefined;
        // A run that tells no events, or no longer: its rows say how it ended.
        if (isUnderWay(turn)) {
          await look(this.#client, turn, signal);
          this.#onTurn(turn);
        }
        if (isUnderWay(turn)) await pause(BETWEEN_LOOKS, signal);
      }
    } catch (error) {
      if (!signal.aborted) this.#fail(turn, error);
    }
  }

  #fail(turn, error) {
    if (!(error instanceof ApiError)) throw error;
    const { status, code, message, retryAfter } = error;
    const told = { status, code, message, retryAfter };
    Object.assign(turn, { status: "failed", connected: true, error: told });
    this.#onTurn(turn);
  }
}
