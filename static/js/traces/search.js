/** What a filter found so far, chat by chat, page by page. */
import { counted } from '../ui/format.js';
import { NONE, question } from './filters.js';

const PAGES_AT_ONCE = 10; // an empty page may have a next one: the server looks through some thousand calls for each
const ENOUGH = 100;

export class Search {
  /** Calls that were found. @type {Set<string>} */
  ids = new Set();
  /** Where each chat's next page is. @type {Map<string, string>} */
  next = new Map();
  isLooking = false;
  problem = '';
  /** Counts the questions, so that a late answer to an earlier one is known. */
  round = 0;
  filter = NONE;

  /** @param {import('./loader.js').Loader} loader @param {() => void} onChange */
  constructor(loader, onChange) {
    this.loader = loader;
    this.onChange = onChange;
  }

  stop() {
    this.round += 1;
    this.ids = new Set();
    this.next = new Map();
    this.isLooking = false;
    this.problem = '';
  }

  /** @param {import('./filters.js').Filter} filter @param {string[]} chatIds */
  start(filter, chatIds) {
    this.stop();
    this.filter = filter;
    for (const id of chatIds) this.next.set(id, question(filter, id));
    return this.more();
  }

  /** Looks on until some were found or there are no more. To sort by what the API does not sort by takes all of them. */
  async more() {
    if (this.isLooking) return;
    const { round } = this;
    const before = this.ids.size;
    this.isLooking = true;
    this.onChange();
    try {
      for (let page = 0; page < PAGES_AT_ONCE && this.next.size; page += 1) {
        if (this.ids.size - before >= ENOUGH && this.filter.sort !== 'context') break;
        await this.#page(round);
        if (round !== this.round) return;
        this.onChange();
      }
    } catch (error) {
      if (round === this.round) this.problem = error.message;
    }
    if (round !== this.round) return;
    this.isLooking = false;
    this.onChange();
  }

  async #page(round) {
    await Promise.all(
      [...this.next].map(async ([chatId, address]) => {
        const { ids, next } = await this.loader.found(address);
        if (round !== this.round) return;
        for (const id of ids) this.ids.add(id);
        if (next) this.next.set(chatId, next);
        else this.next.delete(chatId);
      }),
    );
  }

  /** One that came while looking. @param {string} id */
  note(id) {
    this.ids.add(id);
  }

  /** The calls in the order that is asked for, and the words of a line that looks for more. @param {import('./filters.js').Filter} filter */
  shown({ sort }) {
    const calls = [...this.ids].map((id) => /** @type {any} */ (this.loader.store.call(id))).filter(Boolean);
    const weight = (call) => (call.context_tokens ?? -1) * Math.max(1, call.carried_steps ?? 1);
    const orders = {
      newest: (one, other) => (one.turn === other.turn ? (one.id < other.id ? -1 : 1) : one.turn < other.turn ? 1 : -1),
      oldest: (one, other) => (one.id < other.id ? -1 : 1),
      slowest: (one, other) => (other.duration_ms ?? 0) - (one.duration_ms ?? 0),
      context: (one, other) => weight(other) - weight(one),
    };
    calls.sort(orders[sort] ?? orders.newest);
    return { calls, more: this.next.size ? (this.isLooking ? 'Looking' : 'Look for more') : '' };
  }

  get words() {
    if (this.problem) return this.problem;
    if (this.isLooking && !this.ids.size) return 'Looking';
    return `${counted(this.ids.size, 'call')}${this.next.size ? ' so far' : ''}`;
  }
}
