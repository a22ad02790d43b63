/**
 * The turns of a session with their model steps and tool calls, from the API's tables and from frames. No DOM.
 *
 * Kept for the chats that somebody looks at: of all others the frames are passed over, and the API knows them.
 *
 * @typedef {object} Call
 * @property {string} id
 * @property {string} message_id of the step that made it
 * @property {string} turn
 * @property {string} tool_call_id
 * @property {string} tool
 * @property {string} status
 * @property {number} started ms since 1970
 * @property {number|null} duration_ms from start to end, waiting for a person included
 * @property {number} queue_ms
 * @property {number} wait_ms
 * @property {number|null} [exit_code]
 * @property {number|null} [context_tokens] what its result added to the context
 * @property {number|null} [carried_steps] how many later requests carried that
 * @property {number|null} [added] lines
 * @property {number|null} [removed] lines
 * @property {any} input its short arguments
 * @property {string|null} last_line of what a failed one said
 * @property {boolean} [asks] it waits for a person now
 * @property {string} [said] the last line of a running one
 *
 * @typedef {object} Step
 * @property {string} message_id
 * @property {number} number
 * @property {string} status
 * @property {number} started
 * @property {number|null} duration_ms
 * @property {number|null} first_token_ms
 * @property {number|null} prompt tokens, those of the cache included
 * @property {number|null} completion tokens, those of the reasoning included
 * @property {number|null} cache
 * @property {number|null} reasoning
 * @property {number|null} cost_usd
 * @property {string} model
 * @property {number} calls
 * @property {string|null} finish_reason
 * @property {string|null} error
 *
 * @typedef {object} Summary a turn as the API gives it
 * @property {string} id
 * @property {string} chat_id
 * @property {string} title
 * @property {string} model
 * @property {string} status
 * @property {string|null} queued_at
 * @property {string|null} started_at
 * @property {string|null} finished_at
 * @property {number|null} duration_ms
 * @property {number} queue_ms
 * @property {number} wait_ms
 * @property {number} model_ms
 * @property {number} tool_ms
 * @property {number} steps
 * @property {number} calls
 * @property {number} failures
 * @property {Record<string, number|null>} tokens
 * @property {number|null} cost_usd
 * @property {number} unpriced_steps
 * @property {string|null} last_error
 *
 * @typedef {object} Contents what is known of a turn beside its summary
 * @property {Map<string, Step>} stepMap by message id
 * @property {Map<string, Call>} callMap by id
 * @property {Step} [lastStep]
 * @property {Call} [lastCall]
 * @property {'no'|'partly'|'all'} loaded
 * @property {[number, number][]} gaps idle times of the whole turn
 * @property {boolean} isStub a frame told of it before its summary came
 *
 * @typedef {Summary & Contents} Turn
 */

export const FAILED = new Set(['error', 'timeout', 'interrupted']);
export const AT_WORK = new Set(['queued', 'running', 'waiting']);

/** @param {{columns: string[], rows: any[][]}} table @returns {any[]} */
export const unpacked = ({ columns, rows }) =>
  rows.map((row) => Object.fromEntries(columns.map((name, index) => [name, row[index]])));

/** @param {string|null|undefined} text a time in ISO 8601 @returns {number|null} ms since 1970 */
export const moment = (text) => (text ? Date.parse(text) : null);

export class TraceStore {
  /** The chats whose turns are kept. @type {Set<string>} */
  followed = new Set();
  /** @type {Map<string, Turn>} */
  #turns = new Map();
  /** By call id. @type {Map<string, Turn>} */
  #turnOfCall = new Map();
  /** By message id. @type {Map<string, Turn>} */
  #turnOfStep = new Map();
  /** Calls that run, by tool_call_id. @type {Map<string, Call>} */
  #running = new Map();

  /** Keeps the turns of these chats from now on, beginning with none. @param {Iterable<string>} chatIds */
  follow(chatIds) {
    this.followed = new Set(chatIds);
    for (const known of [this.#turns, this.#turnOfCall, this.#turnOfStep, this.#running]) known.clear();
  }

  /** @param {string|undefined} id */
  get(id) {
    return this.#turns.get(id ?? '');
  }

  /** @param {string} id */
  has(id) {
    return this.#turns.has(id);
  }

  /** In no order. */
  values() {
    return this.#turns.values();
  }

  /** Newest first. @param {string} [chat_id] */
  ordered(chat_id) {
    const turns = [...this.#turns.values()].filter((turn) => !chat_id || turn.chat_id === chat_id);
    return turns.sort((one, other) => (one.id < other.id ? 1 : -1));
  }

  /** The turn that is worked on, or that waits to be. @param {string} chat_id */
  current(chat_id) {
    const waiting = this.ordered(chat_id).filter((turn) => AT_WORK.has(turn.status));
    return waiting.find((turn) => turn.status !== 'queued') ?? waiting.at(-1);
  }

  /** Adds or renews a summary. @param {Summary} summary @returns {Turn} */
  putTurn(summary) {
    /** @type {Contents} */
    const known = this.get(summary.id) ?? {
      stepMap: new Map(),
      callMap: new Map(),
      loaded: 'no',
      gaps: [],
      isStub: true,
    };
    const turn = Object.assign(known, summary, { isStub: false });
    // The server's summary knows of no questions, and may come after the frame that told of one.
    const asks = [...this.#running.values()].some((call) => call.turn === turn.id && call.asks);
    if (turn.status === 'running' && asks) turn.status = 'waiting';
    this.#turns.set(turn.id, turn);
    return turn;
  }

  /** A turn of which a frame told before its summary came. @param {string} id @param {string} chat_id @returns {Turn} */
  stub(id, chat_id) {
    const known = this.get(id);
    if (known) return known;
    const summary = {
      ...{ id, chat_id, title: '', model: '', status: 'running', queued_at: null, started_at: null, finished_at: null },
      ...{ duration_ms: null, queue_ms: 0, wait_ms: 0, model_ms: 0, tool_ms: 0, steps: 0, calls: 0, failures: 0 },
      ...{ tokens: {}, cost_usd: null, unpriced_steps: 0, last_error: null },
    };
    return Object.assign(this.putTurn(summary), { isStub: true });
  }

  /** Adds or renews a call. @param {Call} call */
  putCall(call) {
    const turn = this.get(call.turn);
    const known = turn?.callMap.get(call.id);
    const merged = known ? Object.assign(known, call) : call;
    if (turn) {
      turn.callMap.set(call.id, merged);
      this.#turnOfCall.set(call.id, turn);
      if (!turn.lastCall || turn.lastCall.id <= call.id) turn.lastCall = merged;
    }
    if (merged.status === 'running') this.#running.set(merged.tool_call_id, merged);
    else this.#running.delete(merged.tool_call_id);
    return merged;
  }

  /** Adds or renews a step. @param {Turn} turn @param {Step} step */
  putStep(turn, step) {
    const known = turn.stepMap.get(step.message_id);
    const merged = known ? Object.assign(known, step) : step;
    turn.stepMap.set(step.message_id, merged);
    this.#turnOfStep.set(step.message_id, turn);
    if (!turn.lastStep || turn.lastStep.message_id <= step.message_id) turn.lastStep = merged;
    return merged;
  }

  /** @param {string} id of a call */
  turnOfCall(id) {
    return this.#turnOfCall.get(id);
  }

  /** @param {string} id of a call */
  call(id) {
    return this.turnOfCall(id)?.callMap.get(id);
  }

  /** @param {string} message_id @returns {{turn: Turn, step: Step}|undefined} */
  step(message_id) {
    const turn = this.#turnOfStep.get(message_id);
    const step = turn?.stepMap.get(message_id);
    return turn && step && { turn, step };
  }

  /** @param {string} tool_call_id of a call that runs */
  runningCall(tool_call_id) {
    return this.#running.get(tool_call_id);
  }
}
