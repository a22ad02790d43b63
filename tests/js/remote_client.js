/**
 * The browser's own client with its network, clock and chance in the hands of a test in another language: each line of the
 * input is a command, each line of the output its answer: what the client did with its sockets, and where it stands.
 */
import { createInterface } from 'node:readline';
import { Connection } from '../../static/js/stream/connection.js';
import { apply, initial, toSnapshot } from '../../static/js/stream/reducer.js';
import { FakeTimers, seeded } from './fakes.js';

class Client {
  constructor({ session_id, seed }) {
    this.timers = new FakeTimers();
    this.sockets = [];
    this.events = [];
    this.problems = [];
    this.state = initial({ id: session_id });
    this.connection = new Connection({
      url: 'ws://remote/',
      WebSocket: this.#socketClass(),
      timers: this.timers,
      random: seeded(seed),
      onFrames: (frames) => frames.forEach((frame) => this.#take(frame)),
      onProblem: (problem, detail) =>
        this.problems.push(detail instanceof Error ? detail.message : `${problem}: ${detail}`),
    });
    this.connection.open();
  }

  #take(frame) {
    const expected = this.state.ord + 1;
    if (frame.ord !== undefined && frame.channel && frame.ord !== expected)
      throw new Error(`${frame.ord} applied, ${expected} was due`);
    apply(this.state, frame);
  }

  #socketClass() {
    const client = this;
    return class {
      readyState = 0;
      number = client.sockets.push(this) - 1;

      constructor() {
        client.events.push({ did: 'open', socket: this.number });
      }

      send(text) {
        client.events.push({ did: 'say', socket: this.number, text });
      }

      close() {
        this.readyState = 3;
        client.events.push({ did: 'close', socket: this.number });
      }
    };
  }
}

const COMMANDS = {
  accept: (client, { socket }) => {
    client.sockets[socket].readyState = 1;
    client.sockets[socket].onopen({});
  },
  deliver: (client, { socket, texts }) => texts.forEach((data) => client.sockets[socket].onmessage({ data })),
  end: (client, { socket, code }) => {
    client.sockets[socket].readyState = 3;
    client.sockets[socket].onclose({ code });
  },
  pass: (client, { ms }) => client.timers.pass(ms),
  wake: (client) => client.connection.wake(),
  look: () => {},
};

let client;
for await (const line of createInterface({ input: process.stdin })) {
  const command = JSON.parse(line);
  if (command.do === 'begin') client = new Client(command);
  else COMMANDS[command.do](client, command);
  const {
    events,
    state: { ord, epoch },
    problems,
    connection: {
      sequencer: { phase },
    },
  } = client;
  client.events = [];
  const shown = command.do === 'look' ? toSnapshot(client.state) : null;
  console.log(JSON.stringify({ events, ord, epoch, phase, problems, shown }));
}
