/**
 * Messages on their way to the server. One leaves the composer only when the server has it: until then it is here, in
 * storage too, so that a reload, a cut or a restart loses nothing. Each has a `request_id` made here, and every attempt
 * says the same one, so that the server takes it once however often it arrives.
 *
 * The messages of a chat go out one at a time, in the order they were written.
 *
 * @typedef {object} Entry
 * @property {string} request_id
 * @property {string} chat_id
 * @property {string} content
 * @property {boolean} auto_fix whether the project's check runs after what the message changes
 * @property {'sending'|'waiting'|'failed'} state `waiting`: for its next attempt, or for an earlier message of its chat
 * @property {number} attempts that failed
 * @property {number|null} retryAt when the next attempt begins (ms of the clock)
 * @property {string|null} reason why the last attempt failed, for the person
 * @property {[number, number]} order when it was written (ms of the clock), and as which one of its page
 *
 * @typedef {{sent: true, answer: any} | {sent: false, entry: Entry|null}} Outcome `entry` is null when it was taken back
 */
import { delay, systemTimers } from './backoff.js';

const PREFIX = 'boocode.outbox.';
const ANSWER_MS = 20_000;
const MOST_ATTEMPTS = 8; // about two minutes; after that the person decides
const RETRY_STATUSES = new Set([408, 425, 429, 500, 502, 503, 504]);
const REASONS = {
  401: 'You are signed out. Log in, then try again.',
  403: 'You are signed out, or may not write here. Log in, then try again.',
  404: 'This chat is gone.',
  413: 'The message is too large.',
};
const UNREACHABLE = 'The server can’t be reached. Try again.';

export class Outbox {
  /** In the order they were written. @type {Map<string, Entry>} */
  entries = new Map();
  /** @type {Map<string, any>} */
  timersById = new Map();
  /** @type {Map<string, ((outcome: Outcome) => void)[]>} */
  waitersById = new Map();
  written = 0;

  /**
   * @param {object} options
   * @param {(chat_id: string, body: {content: string, request_id: string, auto_fix?: false}, signal: AbortSignal) => Promise<Response>} options.post
   *   sends to `POST /api/chats/<id>/messages`; rejects when the network fails
   * @param {Storage} [options.storage] where entries survive a reload
   * @param {import('./backoff.js').Timers} [options.timers]
   * @param {() => number} [options.random]
   * @param {() => string} [options.newId]
   * @param {(entries: Entry[]) => void} [options.onChange]
   */
  constructor({
    post,
    storage,
    timers = systemTimers,
    random = Math.random,
    newId = () => crypto.randomUUID(),
    onChange = () => {},
  }) {
    this.post = post;
    this.storage = storage;
    this.timers = timers;
    this.random = random;
    this.newId = newId;
    this.onChange = onChange;
  }

  /** @param {string} [chat_id] @returns {Entry[]} */
  list(chat_id) {
    const all = [...this.entries.values()];
    return chat_id === undefined ? all : all.filter((entry) => entry.chat_id === chat_id);
  }

  /**
   * @param {string} chat_id
   * @param {string} content
   * @param {{auto_fix?: boolean}} [options]
   * @returns {Promise<Outcome>} when the server has it, when it failed for good or too often, or when it was taken back
   */
  send(chat_id, content, { auto_fix = true } = {}) {
    const request_id = this.newId();
    const order = [this.timers.now(), this.written++];
    const entry = {
      request_id,
      chat_id,
      content,
      auto_fix,
      state: 'waiting',
      attempts: 0,
      retryAt: null,
      reason: null,
      order,
    };
    this.#put(entry);
    const outcome = this.#outcomeOf(request_id);
    this.#advance(chat_id);
    return outcome;
  }

  /** "Try again", with the same `request_id`. @param {string} request_id @returns {Promise<Outcome>} */
  retry(request_id) {
    const entry = this.entries.get(request_id);
    if (!entry) return Promise.resolve({ sent: false, entry: null });
    const outcome = this.#outcomeOf(request_id);
    if (entry.state === 'failed') this.#put({ ...entry, state: 'waiting', attempts: 0, retryAt: null, reason: null });
    this.#hurry(request_id);
    return outcome;
  }

  /** Takes a message back into the composer. @param {string} request_id @returns {string|null} its text */
  discard(request_id) {
    const entry = this.entries.get(request_id);
    if (!entry) return null;
    this.#remove(request_id, { sent: false, entry: null });
    return entry.content;
  }

  /** The connection is live: what waits need not wait. */
  retryNow() {
    for (const entry of this.list()) if (entry.state === 'waiting') this.#hurry(entry.request_id);
  }

  /**
   * After a reload: goes on with what the page before left, failed messages excepted; not those that failed because
   * nobody was signed in.
   * @returns {Entry[]}
   */
  restore() {
    const entries = this.#stored().sort((a, b) => a.order[0] - b.order[0] || a.order[1] - b.order[1]);
    for (const entry of entries) {
      if (this.entries.has(entry.request_id)) continue;
      const isSignedIn = [REASONS[401], REASONS[403]].includes(entry.reason ?? ''); // the page is not there otherwise
      const state = entry.state === 'failed' && !isSignedIn ? 'failed' : 'waiting';
      const attempts = isSignedIn ? 0 : entry.attempts;
      this.entries.set(entry.request_id, { ...entry, state, attempts, retryAt: null });
    }
    this.onChange(this.list());
    for (const chat_id of new Set(entries.map((entry) => entry.chat_id))) this.#advance(chat_id);
    return this.list();
  }

  /** Begins the first message of the chat that is neither failed nor on its way, unless one before it is. */
  #advance(chat_id) {
    const next = this.list(chat_id).find((entry) => entry.state !== 'failed');
    if (next?.state === 'waiting' && !this.timersById.has(next.request_id)) this.#attempt(next.request_id);
  }

  #hurry(request_id) {
    this.timers.clear(this.timersById.get(request_id));
    this.timersById.delete(request_id);
    this.#advance(this.entries.get(request_id).chat_id);
  }

  async #attempt(request_id) {
    const entry = this.entries.get(request_id);
    this.#put({ ...entry, state: 'sending', retryAt: null });
    const result = await this.#answer(entry);
    if (!this.entries.has(request_id)) return; // taken back meanwhile
    if (result.sent) this.#remove(request_id, result);
    else this.#failed(request_id, result);
  }

  /** One attempt; never throws. @param {Entry} entry @returns {Promise<any>} the outcome, or why it failed and whether to try again */
  async #answer({ chat_id, content, request_id, auto_fix }) {
    const abort = new AbortController();
    const timer = this.timers.set(() => abort.abort(), ANSWER_MS);
    try {
      const response = await this.post(
        chat_id,
        { content, request_id, ...(auto_fix === false && { auto_fix }) },
        abort.signal,
      );
      if (response.ok) return { sent: true, answer: await response.json().catch(() => null) };
      return await refusal(response);
    } catch {
      return { sent: false, again: true, reason: UNREACHABLE, after_ms: 0 };
    } finally {
      this.timers.clear(timer);
    }
  }

  #failed(request_id, { again, reason, after_ms }) {
    const entry = this.entries.get(request_id);
    const attempts = entry.attempts + 1;
    if (!again || attempts >= MOST_ATTEMPTS)
      return this.#giveUp({ ...entry, attempts, reason, state: 'failed', retryAt: null });
    const wait = Math.max(after_ms, delay(entry.attempts, this.random));
    this.#put({ ...entry, attempts, reason, state: 'waiting', retryAt: this.timers.now() + wait });
    this.timersById.set(
      request_id,
      this.timers.set(() => this.#hurry(request_id), wait),
    );
  }

  #giveUp(entry) {
    this.#put(entry);
    this.#settle(entry.request_id, { sent: false, entry });
    this.#advance(entry.chat_id);
  }

  #remove(request_id, outcome) {
    const { chat_id } = this.entries.get(request_id);
    this.timers.clear(this.timersById.get(request_id));
    this.timersById.delete(request_id);
    this.entries.delete(request_id);
    this.#store((storage) => storage.removeItem(PREFIX + request_id));
    this.onChange(this.list());
    this.#settle(request_id, outcome);
    this.#advance(chat_id);
  }

  #put(entry) {
    this.entries.set(entry.request_id, entry);
    this.#store((storage) => storage.setItem(PREFIX + entry.request_id, JSON.stringify(entry)));
    this.onChange(this.list());
  }

  /** @returns {Promise<Outcome>} */
  #outcomeOf(request_id) {
    return new Promise((resolve) => {
      this.waitersById.set(request_id, [...(this.waitersById.get(request_id) ?? []), resolve]);
    });
  }

  #settle(request_id, outcome) {
    for (const resolve of this.waitersById.get(request_id) ?? []) resolve(outcome);
    this.waitersById.delete(request_id);
  }

  #stored() {
    return (
      this.#store((storage) => {
        const keys = Array.from({ length: storage.length }, (_, index) => storage.key(index));
        return keys.filter((key) => key?.startsWith(PREFIX)).flatMap((key) => readEntry(storage.getItem(key)));
      }) ?? []
    );
  }

  /** Storage may be full or forbidden; the messages are still in memory then. */
  #store(use) {
    try {
      return this.storage && use(this.storage);
    } catch {
      return undefined;
    }
  }
}

/** @returns {Entry[]} none where somebody else wrote under our name */
function readEntry(text) {
  try {
    const entry = JSON.parse(text);
    const isEntry =
      typeof entry?.content === 'string' && typeof entry.chat_id === 'string' && typeof entry.request_id === 'string';
    return isEntry && Array.isArray(entry.order) ? [entry] : [];
  } catch {
    return [];
  }
}

/** What a refusal means. @param {Response} response */
async function refusal(response) {
  const detail = await response.json().catch(() => null);
  const reason = REASONS[response.status] ?? sentence(detail) ?? `The server answered ${response.status}. Try again.`;
  const after_ms = 1000 * (Number(response.headers?.get('Retry-After')) || 0);
  return { sent: false, again: RETRY_STATUSES.has(response.status), reason, after_ms };
}

/** The text in `{detail}` or in the first of DRF's field errors. */
function sentence(detail) {
  const first = detail?.detail ?? (detail && Object.values(detail)[0]);
  const text = Array.isArray(first) ? first[0] : first;
  return typeof text === 'string' ? text : null;
}
