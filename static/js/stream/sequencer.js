/**
 * Puts the entries of a session's log back in order, each exactly once. Pure: no clock, no socket.
 *
 * @typedef {import('./wire.js').Frame} Frame
 *
 * @typedef {object} Outcome
 * @property {Frame[]} apply frames to apply now, in order
 * @property {null|'epoch'|'behind'|'overflow'|'rewound'} resync why a `reconnect` is due on the open socket, if it is
 * @property {boolean} progress whether the sequencer came nearer to the server's state
 */

export const HELD_LIMIT = 500;

/** Entries of one channel: drops those below the expected seq, holds those above it. */
export class ChannelBuffer {
  /** @param {number} next the seq expected first */
  constructor(next = 0) {
    this.next = next;
    /** @type {Map<number, Frame>} */
    this.held = new Map();
  }

  /** Takes the frame in; false when it was applied or held already. @param {Frame} frame */
  offer(frame) {
    if (frame.seq < this.next || this.held.has(frame.seq)) return false;
    this.held.set(frame.seq, frame);
    return true;
  }

  /** The frame that is due, if it is here. @returns {Frame|undefined} */
  get head() {
    return this.held.get(this.next);
  }

  /** Removes the head: it counts as applied from now on. */
  advance() {
    this.held.delete(this.next);
    this.next += 1;
  }

  /** Every contiguous frame from the expected one on. @returns {Frame[]} */
  flush() {
    const frames = [];
    for (let frame = this.head; frame; frame = this.head) {
      this.advance();
      frames.push(frame);
    }
    return frames;
  }
}

/** @param {Partial<Outcome>} fields @returns {Outcome} */
const outcome = (fields = {}) => ({ apply: [], resync: null, progress: false, ...fields });

/** @param {Frame} frame */
export const isLogged = (frame) => typeof frame.channel === 'string' && Number.isInteger(frame.seq);

/**
 * The channels of one session together. Within a channel the order is `seq`; across channels it is `ord`, so that text
 * and tool calls interleave the same way live, replayed and from a snapshot.
 *
 * `phase`: `asked` (a `reconnect` is out), `suspended` (a snapshot must come first; entries are ignored, since they may
 * belong to another epoch), `replaying` (missed entries are coming in), `steady`.
 */
export class Sequencer {
  constructor() {
    /** @type {string|null} */
    this.epoch = null;
    /** Highest applied; null until a snapshot or an entry told. @type {number|null} */
    this.ord = null;
    /** @type {Map<string, ChannelBuffer>} */
    this.buffers = new Map();
    /** Where the last `resumed` said that the log ends. @type {Record<string, number>|null} */
    this.target = null;
    this.asked = false;
    this.suspended = true; // until the first answer: without a position no entry can be told to be the next
    /** Entries applied on the way to the target. */
    this.replayed = 0;
    /** @type {number|null} */
    this.ordAtHeartbeat = null;
    /** What came of a snapshot so far. @type {Frame[]} */
    this.parts = [];
  }

  /** @returns {'asked'|'suspended'|'replaying'|'steady'} */
  get phase() {
    if (this.asked) return 'asked';
    if (this.suspended) return 'suspended';
    return this.target ? 'replaying' : 'steady';
  }

  /**
   * Begins where the page was rendered: what came before is not needed.
   * @param {{epoch: string, ord: number, heads: Record<string, number>}} position as a heartbeat tells it
   */
  startAt({ epoch, ord, heads }) {
    this.epoch = epoch;
    this.ord = ord;
    for (const [channel, next] of Object.entries(heads)) this.buffers.set(channel, new ChannelBuffer(next));
  }

  /** Number of entries that wait for an earlier one. */
  get held() {
    let held = 0;
    for (const buffer of this.buffers.values()) held += buffer.held.size;
    return held;
  }

  /** The next seq expected in each channel. @returns {Record<string, number>} */
  get positions() {
    return Object.fromEntries([...this.buffers].map(([channel, buffer]) => [channel, buffer.next]));
  }

  /** The message that asks the server to go on from what was applied. */
  request() {
    this.asked = true;
    this.target = null;
    this.replayed = 0;
    const positions = { type: 'reconnect', lastSeqPerChannel: this.positions };
    return this.epoch === null ? positions : { ...positions, epoch: this.epoch };
  }

  /** @param {Frame} frame @returns {Outcome} */
  receive(frame) {
    if (frame.type === 'resumed') return this.#resumed(frame);
    if (frame.type === 'snapshot_part') return this.#part(frame);
    if (frame.type === 'snapshot') return this.#snapshot(this.#join(frame));
    if (frame.type === 'heartbeat') return this.#heartbeat(frame);
    return isLogged(frame) ? this.#entry(frame) : outcome({ apply: [frame] });
  }

  /** Whether the server has entries that were not applied here. @param {Record<string, number>} heads */
  isBehind(heads) {
    return Object.entries(heads).some(([channel, next]) => next > (this.buffers.get(channel)?.next ?? 0));
  }

  /** @param {Frame} frame */
  #part(frame) {
    this.parts.push(frame);
    return outcome({ progress: true });
  }

  /** A snapshot with what came before it in parts of its own. @param {Frame} frame */
  #join(frame) {
    const parts = [...this.parts, frame];
    this.parts = [];
    if (parts.length === 1) return frame;
    const lists = ['messages', 'traces', 'approvals'].map((name) => [name, parts.flatMap((part) => part[name] ?? [])]);
    return { ...frame, ...Object.fromEntries(lists), outputs: Object.assign({}, ...parts.map((part) => part.outputs)) };
  }

  #resumed(frame) {
    this.asked = false;
    this.parts = [];
    this.suspended = !frame.recovered;
    if (this.suspended) return outcome({ progress: true });
    if (this.epoch !== null && frame.epoch !== this.epoch) return this.#forget();
    if (this.epoch === null && this.buffers.size === 0) this.ord ??= 0; // all of the log is replayed
    this.epoch = frame.epoch;
    this.target = frame.heads;
    this.#reachTarget();
    return outcome({ apply: [frame], progress: true });
  }

  #snapshot(frame) {
    if (!this.#isNews(frame)) return outcome();
    this.epoch = frame.epoch ?? null;
    this.ord = frame.ord ?? null;
    this.ordAtHeartbeat = null;
    this.buffers = new Map();
    for (const [channel, next] of Object.entries(frame.heads ?? {})) this.buffers.set(channel, new ChannelBuffer(next));
    this.asked = this.suspended = false;
    this.target = null;
    return outcome({ apply: [frame], progress: true });
  }

  /** A snapshot that nobody waits for and that is no newer than what is shown would only take text away. */
  #isNews(frame) {
    if (this.suspended || this.ord === null || frame.epoch !== this.epoch) return true;
    return !(frame.ord <= this.ord);
  }

  #heartbeat(frame) {
    if (this.asked || this.suspended) return outcome();
    if (this.epoch !== null && frame.epoch !== this.epoch) {
      this.suspended = true;
      return outcome({ resync: 'epoch' });
    }
    const rewound = this.ordAtHeartbeat !== null && frame.ord < this.ordAtHeartbeat;
    this.ordAtHeartbeat = this.ord;
    if (rewound) return outcome({ resync: 'rewound' });
    return outcome({ resync: this.isBehind(frame.heads) ? 'behind' : null });
  }

  #entry(frame) {
    if (this.suspended || this.#isPast(frame)) return outcome();
    const buffer = this.#buffer(frame.channel);
    if (!buffer.offer(frame)) return outcome();
    const apply = this.#flush();
    if (buffer.held.size > HELD_LIMIT) return this.#overflow(apply);
    this.#reachTarget();
    return outcome({ apply, progress: apply.length > 0 });
  }

  /** By its `ord` an entry is applied already, or it is a late one from before history was rewritten. */
  #isPast(frame) {
    return this.ord !== null && frame.ord <= this.ord;
  }

  #buffer(channel) {
    let buffer = this.buffers.get(channel);
    if (!buffer) this.buffers.set(channel, (buffer = new ChannelBuffer()));
    return buffer;
  }

  #flush() {
    const frames = [];
    for (let buffer = this.#ready(); buffer; buffer = this.#ready()) {
      const frame = buffer.head;
      buffer.advance();
      if (frame.ord !== undefined) this.ord = frame.ord;
      frames.push(frame);
    }
    if (this.target) this.replayed += frames.length;
    return frames;
  }

  #ready() {
    for (const buffer of this.buffers.values()) {
      const frame = buffer.head;
      if (frame && (frame.ord === undefined || this.ord === null || frame.ord === this.ord + 1)) return buffer;
    }
    return null;
  }

  #reachTarget() {
    if (this.target && !this.isBehind(this.target)) this.target = null;
  }

  /** What was held comes again with the replay. */
  #overflow(apply) {
    for (const buffer of this.buffers.values()) buffer.held.clear();
    return outcome({ apply, resync: 'overflow', progress: apply.length > 0 });
  }

  /** The server went on in an epoch that is not ours: ask as on a first visit, and take nothing until then. */
  #forget() {
    this.epoch = this.ord = null;
    this.buffers = new Map();
    this.suspended = true;
    return outcome({ resync: 'epoch' });
  }
}

/** For a socket without a log (the user's own): every frame passes as it comes. */
export class PassThrough {
  epoch = null;
  ord = null;
  held = 0;
  replayed = 0;
  phase = 'steady';
  positions = {};

  request() {
    return null;
  }

  /** @param {Frame} frame @returns {Outcome} */
  receive(frame) {
    return outcome({ apply: frame.type === 'alive' ? [] : [frame] });
  }

  isBehind() {
    return false;
  }
}
