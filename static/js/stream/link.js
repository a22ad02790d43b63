/**
 * One socket at a time, for ever: opens it, notices when it is dead, opens the next. Knows nothing of what is said.
 *
 * Each socket is a generation; whatever an older one still delivers is ignored.
 *
 * @typedef {import('./backoff.js').Timers} Timers
 *
 * @typedef {object} LinkEvents
 * @property {() => void} opened a new socket is ready to send
 * @property {(data: unknown) => void} received
 * @property {(loss: {code: number, retryAt: number}) => void} lost the next attempt is at `retryAt` (ms of the clock)
 * @property {(reason: 'signed out'|'gone') => void} ended the server will not have us: no next attempt
 * @property {() => void} dialing an attempt begins
 */
import { delay } from './backoff.js';

const OPEN = 1;
const OPENING_MS = 10_000;
const RESTART_MS = 500;
const SERVICE_RESTART = 1012;
const NO_CODE = 1006;
const SEEN_CAP_MS = 4_000; // somebody looks at the page and waits
const FINAL = { 4401: 'signed out', 4404: 'gone' };

export class Link {
  generation = 0;
  attempt = 0;
  /** @type {WebSocket|null} */
  socket = null;
  /** @type {any} */
  timer = null;
  /** When the socket last delivered something. */
  heardAt = 0;
  /** When the last attempt began. */
  dialedAt = 0;

  /**
   * @param {{url: string, WebSocket: any, timers: Timers, random: () => number, silence_ms: number, isSeen?: () => boolean}} options
   *   `isSeen`: whether somebody may be looking at the page, who is not kept waiting for long;
   *   `silence_ms`: a socket that delivers nothing for so long counts as closed; 0 for never
   * @param {LinkEvents} events
   */
  constructor({ url, WebSocket, timers, random, silence_ms, isSeen = () => false }, events) {
    this.isSeen = isSeen;
    this.url = url;
    this.WebSocket = WebSocket;
    this.timers = timers;
    this.random = random;
    this.silence_ms = silence_ms;
    this.events = events;
  }

  get isOpen() {
    return this.socket?.readyState === OPEN;
  }

  /** Whether the next attempt waits for its time. */
  get isWaiting() {
    return this.socket === null && this.timer !== null;
  }

  dial() {
    this.#leave();
    const generation = this.generation;
    const current = (handle) => (event) => generation === this.generation && handle(event);
    this.dialedAt = this.timers.now();
    this.events.dialing();
    this.#in(OPENING_MS, () => this.drop());
    try {
      this.socket = new this.WebSocket(this.url);
    } catch {
      return this.drop(); // a browser refuses the address, for example because of mixed content
    }
    this.socket.onopen = current(() => this.#opened());
    this.socket.onmessage = current((event) => this.#received(event.data));
    this.socket.onclose = current((event) => this.#closed(event.code));
    this.socket.onerror = () => {}; // a close always follows
  }

  /** @param {string} text @returns {boolean} false when there is no open socket */
  send(text) {
    if (!this.isOpen) return false;
    this.socket.send(text);
    return true;
  }

  /** The conversation goes well: the next loss starts with short waits again. */
  settled() {
    this.attempt = 0;
  }

  /** Counts the socket as closed, without waiting for the other side to agree. */
  drop() {
    this.#closed(NO_CODE);
  }

  close() {
    this.#leave();
  }

  #opened() {
    this.heardAt = this.timers.now();
    this.#listen();
    this.events.opened();
  }

  #received(data) {
    this.heardAt = this.timers.now();
    this.events.received(data);
  }

  /** One timer that looks again, instead of one for each frame; after a sleep it fires late and finds the truth. */
  #listen() {
    this.timers.clear(this.timer);
    this.timer = null;
    if (!this.silence_ms) return;
    const left = this.heardAt + this.silence_ms - this.timers.now();
    if (left <= 0) return this.drop();
    this.#in(left, () => this.#listen());
  }

  #closed(code) {
    this.#leave();
    if (FINAL[code]) return this.events.ended(FINAL[code]);
    const wait = this.#wait(code);
    this.#in(wait, () => this.dial());
    this.events.lost({ code, retryAt: this.timers.now() + wait });
  }

  /** A server that restarts says so and will be back at once; that first try does not count. */
  #wait(code) {
    if (code === SERVICE_RESTART && this.attempt === 0) return delay(0, this.random, RESTART_MS);
    return this.isSeen()
      ? delay(this.attempt++, this.random, undefined, SEEN_CAP_MS)
      : delay(this.attempt++, this.random);
  }

  #leave() {
    this.generation += 1;
    this.timers.clear(this.timer);
    this.timer = null;
    const socket = this.socket;
    this.socket = null;
    if (socket && socket.readyState <= OPEN) socket.close();
  }

  #in(ms, run) {
    this.timers.clear(this.timer);
    this.timer = this.timers.set(run, ms);
  }
}
