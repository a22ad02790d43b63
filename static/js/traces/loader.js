/** Fetches what the viewer shows into its store: pages of turns, a turn's steps and calls, what a filter finds. */
import { call } from '../ui/server.js';
import { unpacked } from '../stream/trace_store.js';

const CALLS_A_PAGE = 1000;
const FIRST_CALLS = 200; // the first rows come quickly, whatever there is

export class Loader {
  /** Where each chat's older turns begin, null at the end. @type {Map<string, string|null>} */
  older = new Map();
  /** Requests under way. @type {Map<string, Promise<any>>} */
  loading = new Map();

  /** @param {import('../stream/trace_store.js').TraceStore} store @param {() => void} onChange */
  constructor(store, onChange) {
    this.store = store;
    this.onChange = onChange;
  }

  /** @param {string} chatId @param {{turns: any[], next: string|null}} page */
  takeTurns(chatId, { turns, next }) {
    for (const turn of turns) this.store.putTurn(turn);
    this.older.set(chatId, next);
  }

  get hasOlder() {
    return [...this.older.values()].some(Boolean);
  }

  /** The newest turns of a chat; where the page starts, and when frames told of a turn unknown here. */
  newestTurns(chatId) {
    return this.#once(`turns ${chatId}`, async () => {
      const page = await call('GET', `/api/chats/${chatId}/turns?limit=20`);
      const isFirst = !this.older.has(chatId);
      for (const turn of page.results) this.store.putTurn(turn);
      if (isFirst) this.older.set(chatId, page.next);
    });
  }

  olderTurns() {
    return this.#once('older', async () => {
      const asked = [...this.older].filter(([, next]) => next);
      await Promise.all(
        asked.map(async ([chatId, next]) => {
          const page = await call('GET', /** @type {string} */ (next));
          this.takeTurns(chatId, { turns: page.results, next: page.next });
        }),
      );
    });
  }

  /** All steps and calls of a turn, page by page. @param {import('../stream/trace_store.js').Turn} turn */
  wholeTurn(turn) {
    return this.#once(`turn ${turn.id}`, async () => {
      let next = `/api/chats/${turn.chat_id}/outline?turn=${turn.id}&sort=oldest&limit=${turn.calls > FIRST_CALLS ? FIRST_CALLS : CALLS_A_PAGE}`;
      while (next) {
        const page = await call('GET', next);
        if (page.gaps) turn.gaps = page.gaps;
        this.#take(page);
        next = page.next && withLimit(page.next);
        turn.loaded = next ? 'partly' : 'all';
        this.onChange();
      }
    });
  }

  #take(page) {
    for (const summary of page.turns) this.store.putTurn(summary);
    const calls = unpacked(page.calls);
    for (const one of calls) this.store.putCall(one);
    const steps = unpacked(page.steps);
    const turn = steps.length && this.store.get(page.turns[0]?.id);
    if (turn) for (const step of steps) this.store.putStep(turn, step);
    return calls;
  }

  /** A page of what a filter finds in a chat. @param {string} address @returns {Promise<{ids: string[], next: string|null}>} */
  async found(address) {
    const page = await call('GET', address);
    return { ids: this.#take(page).map((one) => one.id), next: page.next };
  }

  /** The same request is made once at a time. */
  #once(key, run) {
    if (!this.loading.has(key)) {
      const done = run().finally(() => {
        this.loading.delete(key);
        this.onChange();
      });
      this.loading.set(key, done);
    }
    return this.loading.get(key);
  }
}

function withLimit(address) {
  const url = new URL(address, location.origin);
  url.searchParams.set('limit', String(CALLS_A_PAGE));
  return url.pathname + url.search;
}
