/**
 * What the viewer knows: turns with their model steps and tool calls, from the API's tables and from frames. No DOM.
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
 * @property {number|null} prompt tokens, those of the cache included
 * @property {number|null} completion tokens, those of the reasoning included
 *
 * @typedef {object} Turn a turn summary of PROTOCOL.md, and
 * @property {Map<string, Step>} stepMap by message id
 * @property {Map<string, Call>} callMap by id
 * @property {Step|null} [lastStep]
 * @property {Call|null} [lastCall]
 * @property {'no'|'partly'|'all'} loaded
 * @property {[number, number][]} gaps idle times of the whole turn
 */
import { gapsOf } from './axis.js';

export const FAILED = new Set(['error', 'timeout', 'interrupted']);
export const AT_WORK = new Set(['queued', 'running', 'waiting']);

/** @param {{columns: string[], rows: any[][]}} table @returns {any[]} */
export const unpacked = ({ columns, rows }) => rows.map((row) => Object.fromEntries(columns.map((name, index) => [name, row[index]])));

export const moment = (text) => (text ? Date.parse(text) : null);

export class Book {
  constructor() {
    /** @type {Map<string, Turn>} */
    this.turns = new Map();
    /** Turn ids by call id. @type {Map<string, string>} */
    this.turnOfCall = new Map();
    /** Call ids by tool_call_id, of those that run. @type {Map<string, Call>} */
    this.running = new Map();
  }

  /** Adds or renews a summary. @param {any} summary @returns {Turn} */
  putTurn(summary) {
    const known = this.turns.get(summary.id) ?? { stepMap: new Map(), callMap: new Map(), loaded: 'no', gaps: [], isStub: true };
    const turn = Object.assign(known, summary, { isStub: false });
    // The server's summary knows of no questions, and may come after the frame that told of one.
    if (turn.status === 'running' && [...this.running.values()].some((call) => call.turn === turn.id && call.asks)) turn.status = 'waiting';
    this.turns.set(turn.id, turn);
    return turn;
  }

  /** A turn of which a frame told before its summary came. @returns {Turn} */
  stub(id, chat_id) {
    return this.turns.get(id) ?? Object.assign(this.putTurn({
      id, chat_id, title: '', model: '', status: 'running', queued_at: null, started_at: null, finished_at: null, duration_ms: null,
      queue_ms: 0, wait_ms: 0, model_ms: 0, tool_ms: 0, steps: 0, calls: 0, failures: 0, tokens: {}, cost_usd: null, unpriced_steps: 0, last_error: null,
    }), { isStub: true });
  }

  /** @param {any} call @returns {Call} */
  putCall(call) {
    const turn = this.turns.get(call.turn);
    const known = turn?.callMap.get(call.id);
    const merged = known ? Object.assign(known, call) : call;
    turn?.callMap.set(call.id, merged);
    if (turn && (!turn.lastCall || turn.lastCall.id <= call.id)) turn.lastCall = merged;
    this.turnOfCall.set(call.id, call.turn);
    if (merged.status === 'running') this.running.set(merged.tool_call_id, merged);
    else this.running.delete(merged.tool_call_id);
    return merged;
  }

  putStep(turn, step) {
    const known = turn.stepMap.get(step.message_id);
    const merged = known ? Object.assign(known, step) : step;
    turn.stepMap.set(step.message_id, merged);
    if (!turn.lastStep || turn.lastStep.message_id <= step.message_id) turn.lastStep = merged;
    return merged;
  }

  /** @param {string} id of a call @returns {Call|undefined} */
  call(id) {
    return this.turns.get(this.turnOfCall.get(id) ?? '')?.callMap.get(id);
  }

  /** Newest first. @param {string} [chat_id] */
  ordered(chat_id) {
    const turns = [...this.turns.values()].filter((turn) => !chat_id || turn.chat_id === chat_id);
    return turns.sort((one, other) => (one.id < other.id ? 1 : -1));
  }

  /** The one that is worked on, or that waits to be. @param {string} chat_id */
  current(chat_id) {
    const waiting = this.ordered(chat_id).filter((turn) => AT_WORK.has(turn.status));
    return waiting.find((turn) => turn.status !== 'queued') ?? waiting.at(-1);
  }

  clear() {
    this.turns.clear();
    this.turnOfCall.clear();
    this.running.clear();
  }
}

/** When a turn begins and ends on its axis: with its time in the queue, until now while it runs. @param {Turn} turn */
export function boundsOf(turn, now) {
  const firstStep = turn.stepMap.values().next().value?.started;
  const started = moment(turn.started_at) ?? firstStep ?? moment(turn.queued_at) ?? now;
  const begin = turn.queue_ms > 1 ? started - turn.queue_ms : started;
  const ends = [moment(turn.finished_at) ?? (AT_WORK.has(turn.status) ? now : started)];
  if (turn.lastStep) ends.push(turn.lastStep.started + (turn.lastStep.duration_ms ?? 0));
  return [begin, Math.max(begin + 1, ...ends)];
}

/** Idle times to compress: counted here once the whole turn is known, told by the server before. @param {Turn} turn */
export function turnGaps(turn, now) {
  if (turn.loaded !== 'all') return turn.gaps;
  const steps = [...turn.stepMap.values()].map((step) => [step.started, endOf(step, now)]);
  const calls = [...turn.callMap.values()].map((call) => [Math.min(call.started + waitOf(call, now), endOf(call, now)), endOf(call, now)]);
  return gapsOf(/** @type {[number, number][]} */ ([...steps, ...calls].filter(([start, end]) => end >= start)));
}

/** @param {Call|Step} one */
export const endOf = (one, now) => one.started + (one.duration_ms ?? (one.status === 'running' ? Math.max(0, now - one.started) : 0));

/** A call that waits for a person has waited until now. @param {Call} call */
export const waitOf = (call, now) => (call.asks ? Math.max(0, now - call.started) : (call.wait_ms ?? 0));

/**
 * The pieces of a bar. What queued lies before the start, the person's time at the beginning.
 * @param {Call} call @returns {{kind: string, start: number, end: number}[]}
 */
export function partsOfCall(call, now) {
  const end = endOf(call, now);
  const worked = Math.min(end, call.started + waitOf(call, now));
  return [
    { kind: 'queue', start: call.started - (call.queue_ms ?? 0), end: call.started },
    { kind: 'approval', start: call.started, end: worked },
    { kind: 'execution', start: worked, end },
  ].filter((part) => part.end > part.start || (part.kind === 'execution' && !call.asks));
}

/** @param {Step} step */
export function partsOfStep(step, now) {
  const end = endOf(step, now);
  const first = step.first_token_ms === null || step.first_token_ms === undefined ? end : Math.min(end, step.started + step.first_token_ms);
  return [{ kind: 'thinking', start: step.started, end: first }, { kind: 'model', start: first, end }].filter((part) => part.end > part.start);
}
