/** A conversation on one thread: sending, following, stopping, retrying. No DOM. */

import { answerCalls, cancel, chat, look, lookForQuestion } from "./asking.js";
import { questionId, remove, run, toolSteps } from "./asking.js";
import { neededTools, newQuestion } from "./attached.js";
import { ApiError, pause } from "./client.js";
import { followRun } from "./events.js";
import { FileContents } from "./files.js";
import { turnsOf } from "./history.js";
import { Ratings } from "./ratings.js";
import { applyEvent, failTurn, isUnderWay, messagesOf, newTurn } from "./turn.js";

const PAGE = 100;
const POLL_INTERVAL = 1000; // Milliseconds.

/**
 * A thread's turns. `onTurn(turn)` is called after every change of a turn, `onThread(threadId)`
 * after a thread was created.
 */
export class Conversation {
  #client;
  #mayRun;
  #tools;
  #trial;
  #onTurn;
  #onThread;
  #listening = new AbortController();
  #steps = new Map();
  #ratings;

  /**
   * @param {object} options
   * @param {import("./client.js").ApiClient} options.client
   * @param {boolean} options.mayRun whether runs may be created; sessions can only chat
   * @param {(assistantId: string|null) => Array<{type: string}>} [options.toolsOf] by id
   * @param {() => import("./asking.js").Trial|null} [options.trialOf] what each run is sent to
   *   try changes that are not published
   * @param {(turn: import("./turn.js").Turn) => void} [options.onTurn]
   * @param {(threadId: string) => void} [options.onThread]
   */
  constructor({ client, mayRun, toolsOf = () => [], trialOf = () => null, onTurn = () => {},
    onThread = () => {} }) {
    this.#client = client;
    this.#ratings = new Ratings(client);
    this.#mayRun = mayRun;
    this.#tools = toolsOf;
    this.#trial = trialOf;
    this.#onTurn = onTurn;
    this.#onThread = onThread;
    /** Files that the answers show, kept until `leave`. */
    this.files = new FileContents(client);
    /** @type {string|null} */
    this.threadId = null;
    /** @type {import("./turn.js").Turn[]} */
    this.turns = [];
    /** @type {string|null} id of the oldest loaded message, if the thread has older ones */
    this.olderThan = null;
  }

  /** @returns {import("./turn.js").Turn|null} the turn in progress */
  get current() {
    const last = this.turns.at(-1);
    return last && isUnderWay(last) ? last : null;
  }

  /**
   * Load a thread; an answer in progress is followed from its first event.
   *
   * @param {string} threadId
   * @throws {ApiError} 404 if there is no such thread
   */
  async open(threadId) {
    const [messages, runs] = await Promise.all([
      this.#client.get(`threads/${threadId}/messages`, { query: { limit: PAGE } }),
      this.#client.get(`threads/${threadId}/runs`, { query: { limit: PAGE } }),
      this.#ratings.load(threadId),
    ]);
    this.threadId = threadId;
    this.olderThan = messages.has_more ? messages.last_id : null;
    this.turns = this.#ratings.on(turnsOf(messages.data.toReversed(), runs.data));
    if (this.current) this.#follow(this.current);
  }

  /**
   * Load earlier messages.
   *
   * @returns {Promise<import("./turn.js").Turn[]>} the turns that were added at the front
   */
  async loadOlder() {
    const query = { limit: PAGE, after: this.olderThan };
    const page = await this.#client.get(`threads/${this.threadId}/messages`, { query });
    const older = this.#ratings.on(turnsOf(page.data.toReversed(), []));
    this.olderThan = page.has_more ? page.last_id : null;
    this.turns = [...older, ...this.turns];
    return older;
  }

  /**
   * Ask, and follow the answer to its end. A failure sets the turn's `error`.
   *
   * @param {object} asked
   * @param {string} asked.text
   * @param {string|null} [asked.assistantId]
   * @param {import("./turn.js").FileName[]} [asked.files] uploaded files, for the tools
   * @param {import("./turn.js").FileName[]} [asked.images] uploaded images, for the model
   * @returns {Promise<import("./turn.js").Turn>} when the turn has ended or `leave` was called
   */
  async send({ assistantId = null, ...asked }) {
    const question = newQuestion(asked, this.#tools(assistantId), this.turns);
    const turn = newTurn({ threadId: this.threadId, assistantId, question });
    this.turns.push(turn);
    await this.#attempt(turn, async () => this.#ask(turn));
    return turn;
  }

  /**
   * Answer a turn's question again, after a failure or to regenerate the answer. A question that is
   * already in the thread is not added a second time.
   *
   * @param {import("./turn.js").Turn} turn the last turn
   * @returns {Promise<void>} when the turn has ended or `leave` was called
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
        // Sessions can't create runs: the question is deleted and asked again.
        await remove(this.#client, turn, await questionId(this.#client, turn));
        Object.assign(turn, { stored: false, question: { ...turn.question, id: null } });
      }
      return this.#ask(turn);
    });
  }

  /** Drop a turn and those after it; their messages have been deleted. */
  forgetFrom(turn) {
    this.turns.splice(this.turns.indexOf(turn));
  }

  /**
   * Stop the answer in progress; what has been written of it stays.
   *
   * @throws {ApiError} if the run could not be cancelled
   */
  async stop() {
    const turn = this.current;
    if (!turn) return;
    turn.status = "stopping";
    this.#onTurn(turn);
    // If there is no run yet, `#begun` cancels it as soon as there is one.
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
   * Check whether a turn that waits for functions has continued; if so, follow it.
   *
   * @param {import("./turn.js").Turn} turn
   * @throws {ApiError}
   */
  async check(turn) {
    const { status } = await this.#client.get(`threads/${turn.threadId}/runs/${turn.runId}`);
    if (status !== "requires_action") await this.#followAgain(turn);
  }

  /** Allow or refuse the calls that a turn's run asks about, by their ids, and follow it. */
  async decide(turn, verdicts) {
    await answerCalls(this.#client, turn, verdicts);
    await this.#followAgain(turn);
  }

  /** Stop following; an active run continues on the server. */
  leave() {
    this.#listening.abort();
    this.files.clear();
  }

  /**
   * Store the reader's rating of an answer, in place of the one before; null removes it.
   *
   * @param {import("./turn.js").Turn} turn
   * @param {"up"|"down"|null} rating
   * @param {string|null} [comment]
   */
  async rate(turn, rating, comment = null) {
    await this.#ratings.give(turn, rating, comment);
    this.#onTurn(turn);
  }

  /**
   * @param {import("./turn.js").Turn} turn
   * @returns {Promise<import("./turn.js").ToolStep[]>} its tool steps, with search results
   */
  async steps(turn) {
    if (this.#steps.has(turn)) return this.#steps.get(turn);
    const steps = await toolSteps(this.#client, turn);
    if (!isUnderWay(turn)) this.#steps.set(turn, steps);
    return steps;
  }

  /** Call `begin`, which may return an open event stream, and follow the run. */
  async #attempt(turn, begin) {
    this.#onTurn(turn);
    let response;
    try {
      response = await begin();
    } catch (error) {
      this.#fail(turn, error);
      return;
    }
    if (turn.runId || turn.status === "completed") this.#begun(turn);
    await this.#follow(turn, response);
  }

  #ask(turn) {
    const { files, images } = turn.question;
    const hasFiles = files.length || images.length || neededTools(this.turns).length;
    if (this.#mayRun && (hasFiles || this.#trial())) return this.#run(turn);
    return chat(this.#client, turn);
  }

  #run(turn) {
    const tools = this.#tools(turn.assistantId);
    const interrupting = this.turns.some(({ status }) => status === "waiting");
    return run(this.#client, turn, { tools, needed: neededTools(this.turns), interrupting,
      trial: this.#trial() });
  }

  #begun(turn) {
    turn.stored = true;
    // The new run has interrupted one that waited for functions.
    for (const other of this.turns.filter(({ status }) => status === "waiting")) {
      other.status = "stopped";
      this.#onTurn(other);
    }
    if (turn.status === "stopping") this.stop().catch(() => {}); // Shown as working again.
    else if (turn.runId) turn.status = "working";
    if (!this.#listening.signal.aborted && this.threadId !== turn.threadId) {
      this.threadId = turn.threadId;
      this.#onThread(turn.threadId);
    }
    this.#onTurn(turn);
  }

  /** Follow a turn's run again, from its first event. */
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
        // The server has no events of this run (any more): read its stored status.
        if (isUnderWay(turn)) {
          await look(this.#client, turn, signal);
          this.#onTurn(turn);
        }
        if (isUnderWay(turn)) await pause(POLL_INTERVAL, signal);
      }
    } catch (error) {
      if (!signal.aborted) this.#fail(turn, error);
    }
  }

  #fail(turn, error) {
    if (!(error instanceof ApiError)) throw error;
    failTurn(turn, error);
    this.#onTurn(turn);
  }
}
