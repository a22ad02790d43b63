/** A clock that the test turns, sockets whose other end is the test, and chance that repeats itself. */

export class FakeTimers {
  constructor(at = 1_000_000) {
    this.at = at;
    this.pending = new Map();
    this.last = 0;
  }

  now = () => this.at;

  set = (run, ms) => {
    this.pending.set(++this.last, { run, due: this.at + ms });
    return this.last;
  };

  clear = (timer) => this.pending.delete(timer);

  /** Lets `ms` pass, and everything that is due in them happen in order. */
  pass(ms) {
    const end = this.at + ms;
    for (let next = this.#nextBefore(end); next; next = this.#nextBefore(end)) {
      const [timer, { run, due }] = next;
      this.pending.delete(timer);
      this.at = Math.max(this.at, due);
      run();
    }
    this.at = end;
  }

  /** The machine slept: time went on, nothing ran. What is due runs when it wakes. */
  sleep(ms) {
    this.at += ms;
    this.pass(0);
  }

  #nextBefore(end) {
    const due = [...this.pending].filter(([, timer]) => timer.due <= end);
    return due.sort((a, b) => a[1].due - b[1].due || a[0] - b[0])[0];
  }
}

/** A WebSocket class that remembers its sockets in `all`. */
export function fakeSockets() {
  return class FakeSocket {
    static all = [];

    static get last() {
      return FakeSocket.all.at(-1);
    }

    constructor(url) {
      this.url = url;
      this.readyState = 0;
      this.sent = [];
      FakeSocket.all.push(this);
    }

    send(text) {
      if (this.readyState !== 1) throw new Error('the socket is not open');
      this.sent.push(JSON.parse(text));
    }

    close() {
      this.readyState = 2;
      this.closedByUs = true;
    }

    /** The server's side. */
    accept() {
      this.readyState = 1;
      this.onopen({});
    }

    deliver(...frames) {
      for (const frame of frames) this.onmessage({ data: typeof frame === 'string' ? frame : JSON.stringify(frame) });
    }

    end(code) {
      this.readyState = 3;
      this.onclose({ code });
    }
  };
}

/** mulberry32: small, and the same on every machine. @param {number} seed */
export function seeded(seed) {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  };
}

/** What a Storage of the browser does. */
export class FakeStorage {
  entries = new Map();

  get length() {
    return this.entries.size;
  }

  key = (index) => [...this.entries.keys()][index] ?? null;
  getItem = (key) => this.entries.get(key) ?? null;
  setItem = (key, value) => this.entries.set(key, String(value));
  removeItem = (key) => this.entries.delete(key);
}
