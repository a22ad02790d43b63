/** A Connection whose network, clock and chance belong to the test. */
import { Connection } from '../../static/js/stream/connection.js';
import { FakeTimers, fakeSockets } from './fakes.js';
import { resumed, snapshot } from './frames.js';

/** @param {object} [options] for the Connection; `luck` is what random says (0.5) */
export function connection({ luck = 0.5, ...options } = {}) {
  const timers = new FakeTimers();
  const Sockets = fakeSockets();
  const world = { timers, Sockets, frames: [], states: [], problems: [], online: true };
  world.connection = new Connection({
    url: 'ws://test/',
    WebSocket: Sockets,
    timers,
    random: () => luck,
    isOnline: () => world.online,
    onFrames: (frames) => world.frames.push(...frames),
    onState: (state) => world.states.push(state),
    onProblem: (problem) => world.problems.push(problem),
    ...options,
  });
  Object.defineProperty(world, 'socket', { get: () => Sockets.last });
  Object.defineProperty(world, 'state', { get: () => world.states.at(-1) });
  world.sent = (type) => world.socket.sent.filter((frame) => frame.type === type);
  return world;
}

/** One that is live after a snapshot at `heads`, with what led there forgotten. */
export function live({ heads = { text: 500 }, ord = 500, ...options } = {}) {
  const world = connection(options);
  world.connection.open();
  world.socket.accept();
  world.socket.deliver(resumed({ recovered: false, heads, ord }), snapshot({ heads, ord }));
  forget(world);
  return world;
}

export function forget(world) {
  for (const list of [world.frames, world.states, world.problems, world.socket.sent]) list.length = 0;
}
