/**
 * A session's frames, in order and each once, over whatever the network does. No DOM: socket, clock and chance are given.
 *
 * @typedef {import('./wire.js').Frame} Frame
 *
 * @typedef {object} ConnectionState what the strip shows
 * @property {'connecting'|'live'|'reconnecting'|'offline'|'closed'} state `offline`: reconnecting, and the browser says
 *   that there is no network
 * @property {number|null} retryAt when the next attempt begins (ms of the clock); null while one is under way
 * @property {number} replayed entries that were missed and came in since the last loss
 * @property {boolean} reloaded a whole snapshot replaced what was shown
 * @property {boolean} serverRestarted the server said that it would
 * @property {null|'signed out'|'gone'|'left'|'lost'} reason why it is not live
 */
import { systemTimers } from './backoff.js';
import { Link } from './link.js';
import { PassThrough, Sequencer } from './sequencer.js';
import { parse } from './wire.js';

const SILENCE_MS = 40_000;
const STALL_MS = 5_000;
const STALL_CAP_MS = 40_000;
const OFFLINE_ANSWER_MS = 1_000;
const NUDGE_MS = 1_000;
const JUST_HEARD_MS = 2_000;
const HEARTBEAT_GRACE_MS = 300; // entries that were committed with the heartbeat may be right behind it
const ACK_FRAMES = 64;
const ACK_MS = 1_000;
const ACK_CHARS = 64 * 1024; // a quarter of what the server sends unacknowledged: it never has to wait for our clock
const SERVICE_RESTART = 1012;

const noop = () => {};

export class Connection {
  wasLive = false;
  serverRestarted = false;
  reloaded = false;
  stalls = 0;
  askedAt = 0;
  heardSinceAsked = false;
  unacked = { frames: 0, chars: 0, since: 0 };
  /** @type {any} */
  watch = null;
  /** @type {any} */
  graceTimer = null;
  /** @type {any} */
  ackTimer = null;
  /** @type {ConnectionState} */
  state = {
    state: 'connecting',
    retryAt: null,
    replayed: 0,
    reloaded: false,
    serverRestarted: false,
    reason: null,
  };

  /**
   * @param {object} options
   * @param {string} options.url `ws:` or `wss:` address
   * @param {any} [options.WebSocket]
   * @param {import('./backoff.js').Timers} [options.timers]
   * @param {() => number} [options.random]
   * @param {() => boolean} [options.isOnline] what the browser believes; only words depend on it
   * @param {boolean} [options.resumes] false for the user's own socket: no log, frames pass as they come, and a
   *   reconnect is reported as `reloaded`
   * @param {number} [options.silence_ms]
   * @param {() => boolean} [options.isSeen] whether the page is in view: then no wait is long
   * @param {{epoch: string, ord: number, heads: Record<string, number>}|null} [options.position] up to where the page
   *   needs no entry; without it the first answer is a snapshot of everything
   * @param {(frames: Frame[]) => void} options.onFrames frames to apply at once, in order; they count as applied after it
   * @param {(state: ConnectionState) => void} [options.onState]
   * @param {(problem: string, detail: unknown) => void} [options.onProblem] bad frames, for the console
   */
  constructor(options) {
    const {
      url,
      WebSocket = globalThis.WebSocket,
      timers = systemTimers,
      random = Math.random,
      resumes = true,
    } = options;
    const { silence_ms = SILENCE_MS, isOnline = () => true, isSeen, position = null } = options;
    const { onFrames, onState = noop, onProblem = noop } = options;
    this.timers = timers;
    this.isOnline = isOnline;
    this.onFrames = onFrames;
    this.onState = onState;
    this.onProblem = onProblem;
    this.sequencer = resumes ? new Sequencer() : new PassThrough();
    if (position && this.sequencer instanceof Sequencer) this.sequencer.startAt(position);
    this.link = new Link({ url, WebSocket, timers, random, silence_ms, isSeen }, this.#linkEvents());
  }

  /** Connects, and stays connected until `close`. */
  open() {
    this.link.dial();
  }

  /** For a page that goes away. */
  close() {
    this.#clearTimers();
    this.link.close();
    this.#report({ state: 'closed', reason: 'left' });
  }

  /** "Now" on the strip; after `signed out` too, once somebody logged in again. */
  retryNow() {
    if (this.link.isWaiting || this.state.state === 'closed') this.link.dial();
  }

  /** The person does something on the page: it is time for the next attempt, though not at each key. */
  nudge() {
    if (this.link.isWaiting && this.timers.now() - this.link.dialedAt > NUDGE_MS) this.link.dial();
  }

  /** The tab woke up, or the browser's network came or went: ask whether the socket is still good. */
  wake() {
    if (this.link.isWaiting) return this.link.dial();
    const isFine = this.isOnline() && this.timers.now() - this.link.heardAt < JUST_HEARD_MS;
    if (this.link.isOpen && !isFine) this.#ask(this.isOnline() ? STALL_MS : OFFLINE_ANSWER_MS);
    return undefined;
  }

  #linkEvents() {
    return {
      dialing: () => this.#report({ state: this.#notLive(), retryAt: null }),
      opened: () => this.#opened(),
      received: (data) => this.#received(data),
      lost: ({ code, retryAt }) => this.#lost(code, retryAt),
      ended: (reason) => this.#ended(reason),
    };
  }

  #notLive() {
    if (!this.isOnline()) return 'offline';
    return this.wasLive ? 'reconnecting' : 'connecting';
  }

  #opened() {
    this.stalls = 0;
    this.#ask();
    if (this.sequencer.phase !== 'steady') return;
    this.reloaded = this.wasLive;
    this.#settled();
  }

  #lost(code, retryAt) {
    this.#clearTimers();
    this.serverRestarted ||= code === SERVICE_RESTART;
    this.#report({ state: this.isOnline() ? 'reconnecting' : 'offline', retryAt, reason: 'lost' });
  }

  #ended(reason) {
    this.#clearTimers();
    this.#report({ state: 'closed', retryAt: null, reason });
  }

  /** Asks the server to go on from what was applied: first on every socket, and again on the same one. */
  #ask(patience_ms = STALL_MS) {
    const request = this.sequencer.request();
    if (request === null) return;
    this.link.send(JSON.stringify(request));
    this.askedAt = this.timers.now();
    this.heardSinceAsked = false;
    this.#watch(patience_ms);
  }

  #received(data) {
    this.heardSinceAsked = true;
    const { frame, problem } = parse(data);
    if (problem) this.onProblem(problem, data);
    if (!frame) return;
    const before = this.sequencer.phase;
    const { apply, resync, progress } = this.sequencer.receive(frame);
    this.#apply(apply);
    this.#acknowledge(frame, String(data).length);
    if (frame.type === 'snapshot' && progress) this.reloaded = this.wasLive;
    if (before !== 'steady' && this.sequencer.phase === 'steady') this.#caughtUp();
    if (resync) this.#resync(resync);
    else this.#keepWatch(progress);
  }

  #apply(frames) {
    if (!frames.length) return;
    try {
      this.onFrames(frames);
    } catch (error) {
      this.onProblem('a frame could not be applied', error); // the stream goes on; one frame is not worth the rest
    }
  }

  /** The server may hold back what is new until it knows that we have what was missed. */
  #caughtUp() {
    this.#sendAck();
    this.#settled();
  }

  #settled() {
    this.link.settled();
    const { replayed } = this.sequencer;
    const isNews = this.state.state !== 'live' || replayed > 0 || this.reloaded;
    if (isNews) this.#report({ state: 'live', retryAt: null, replayed, reloaded: this.reloaded, reason: null });
    this.wasLive = true;
    this.serverRestarted = this.reloaded = false;
  }

  #resync(why) {
    if (why !== 'behind') return this.#ask();
    if (this.graceTimer !== null) return;
    const { positions } = this.sequencer;
    this.graceTimer = this.timers.set(() => {
      this.graceTimer = null;
      const moved = JSON.stringify(this.sequencer.positions) !== JSON.stringify(positions);
      if (!moved && this.sequencer.phase === 'steady') this.#ask();
    }, HEARTBEAT_GRACE_MS);
  }

  /** While something is missing, a timer runs that progress winds back. */
  #keepWatch(progress) {
    const missing = this.sequencer.held > 0 || this.sequencer.phase !== 'steady';
    if (progress) this.stalls = 0;
    if (!missing) this.#unwatch();
    else if (progress || this.watch === null) this.#watch(STALL_MS);
  }

  #watch(ms) {
    this.#unwatch();
    this.watch = this.timers.set(() => this.#stalled(), ms);
  }

  #unwatch() {
    this.timers.clear(this.watch);
    this.watch = null;
  }

  /** Asks again on the open socket; one that did not say a word since we last asked is dead. */
  #stalled() {
    this.watch = null;
    if (this.sequencer.phase === 'asked' && !this.heardSinceAsked) return this.link.drop();
    this.stalls += 1;
    this.#ask(Math.min(STALL_CAP_MS, STALL_MS * 2 ** this.stalls));
  }

  /** Every frame counts, one without a place too: the server counts its bytes until an ack comes. */
  #acknowledge(frame, chars) {
    if (this.sequencer.ord === null || frame.type === 'heartbeat') return;
    const now = this.timers.now();
    if (this.unacked.frames === 0) this.unacked.since = now;
    this.unacked.frames += 1;
    this.unacked.chars += chars;
    const { frames, chars: size, since } = this.unacked;
    if (frames >= ACK_FRAMES || size >= ACK_CHARS || now - since >= ACK_MS) this.#sendAck();
    else this.ackTimer ??= this.timers.set(() => this.#sendAck(), ACK_MS);
  }

  #sendAck() {
    this.timers.clear(this.ackTimer);
    this.ackTimer = null;
    this.unacked = { frames: 0, chars: 0, since: 0 };
    if (this.sequencer.ord !== null) this.link.send(JSON.stringify({ type: 'ack', ord: this.sequencer.ord }));
  }

  #clearTimers() {
    this.#unwatch();
    this.timers.clear(this.graceTimer);
    this.timers.clear(this.ackTimer);
    this.graceTimer = this.ackTimer = null;
    this.unacked = { frames: 0, chars: 0, since: 0 };
  }

  #report(fields) {
    const fresh = { retryAt: null, replayed: 0, reloaded: false, reason: null, serverRestarted: this.serverRestarted };
    this.state = { ...this.state, ...fresh, ...fields };
    this.onState(this.state);
  }
}
