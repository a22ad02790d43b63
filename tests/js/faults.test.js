/** Whatever happens to the frames on their way, the client ends where the server is. `FAULT_SEEDS=10000` runs more. */
import assert from 'node:assert/strict';
import test from 'node:test';
import { Connection } from '../../static/js/stream/connection.js';
import { apply, initial, toSnapshot } from '../../static/js/stream/reducer.js';
import { FakeTimers, seeded } from './fakes.js';
import { SimulatedServer } from './simulated_server.js';

const SEEDS = Number(process.env.FAULT_SEEDS ?? 300);
const FIRST_SEED = Number(process.env.FIRST_SEED ?? 1);

function client(server, random) {
  const timers = new FakeTimers();
  const world = { timers, state: initial({ id: 's1' }), snapshots: 0, problems: [] };
  const takeInOrder = (frame) => {
    if (frame.type === 'snapshot') world.snapshots += 1;
    else if (frame.channel) assert.equal(frame.ord, world.state.ord + 1, 'in order, each once, none left out');
    apply(world.state, frame);
  };
  world.connection = new Connection({
    url: 'ws://simulated/',
    WebSocket: server.Socket,
    timers,
    random,
    onFrames: (frames) => frames.forEach(takeInOrder),
    onProblem: (problem, detail) => world.problems.push(detail instanceof Error ? detail.message : problem),
  });
  return world;
}

/** A run of turns under faults, then calm. */
function run(seed, { steps = 120, cuts = 0.03, rewrites = 0.01, prunes = 0.02, wakes = 0.03, faults }) {
  const random = seeded(seed);
  const server = new SimulatedServer(random);
  const world = client(server, random);
  const joinsAt = Math.floor(random() * 40);
  const oldSockets = [];
  server.faults = faults;
  for (let step = 0; step < steps; step += 1) {
    server.act();
    if (step === joinsAt) world.connection.open();
    if (server.chance(prunes)) server.prune();
    if (server.chance(rewrites)) server.rewrite();
    if (server.chance(0.05)) server.heartbeat();
    if (server.chance(wakes)) world.connection.wake();
    for (const socket of [...server.sockets]) {
      if (server.chance(cuts)) oldSockets.push(socket) && socket.cut(server.pick([1006, 1012, 4408]));
      else socket.pump(Math.floor(random() * 8));
    }
    if (oldSockets.length && server.chance(0.3)) server.pick(oldSockets).pump(5);
    world.timers.pass(random() * (server.chance(0.1) ? 8_000 : 300));
  }
  calm(server, world);
  return { server, world };
}

/** Nothing is lost any more; heartbeats come every 15 s. */
function calm(server, world) {
  server.faults = { drop: 0, double: 0, swap: 0 };
  for (let second = 0; second < 150; second += 1) {
    if (second % 15 === 0) server.heartbeat();
    for (const socket of [...server.sockets]) socket.pump(Infinity);
    world.timers.pass(1_000);
  }
}

function agrees(seed, options) {
  const { server, world } = run(seed, options);
  const { epoch, heads, ord, messages, chats, traces } = toSnapshot(world.state);
  const expected = server.state;
  const byId = (list) => [...list].sort((a, b) => (a.id < b.id ? -1 : 1));
  const seedHint = `FIRST_SEED=${seed} FAULT_SEEDS=1`;
  assert.deepEqual(world.problems, [], seedHint);
  assert.deepEqual({ epoch, ord }, { epoch: expected.epoch, ord: expected.ord }, seedHint);
  assert.deepEqual(heads, { ...expected.heads }, seedHint);
  assert.deepEqual(messages, expected.messages, seedHint);
  assert.deepEqual([byId(chats), byId(traces)], [byId(expected.chats), byId(expected.traces)], seedHint);
  return world;
}

const seeds = Array.from({ length: SEEDS }, (_, n) => FIRST_SEED + n);

test('it ends equal to the server under drops, duplicates, swaps, cuts, rewritten history and late joins', () => {
  for (const seed of seeds) agrees(seed, { faults: { drop: 0.05, double: 0.05, swap: 0.08 } });
});

test('it needs no second snapshot where the log is kept: it replays', () => {
  for (const seed of seeds.slice(0, SEEDS / 3)) {
    const world = agrees(seed, { faults: { drop: 0.1, double: 0.1, swap: 0.1 }, rewrites: 0, prunes: 0, wakes: 0 });
    assert.ok(world.snapshots <= 2, `${world.snapshots} snapshots with seed ${seed}`);
  }
});

test('it shows what was said however often it is cut', () => {
  for (const seed of seeds.slice(0, SEEDS / 3)) agrees(seed, { cuts: 0.3, faults: { drop: 0, double: 0, swap: 0 } });
});

test('it loses and doubles nothing when it is cut after every single frame', () => {
  for (let at = 0; at < 120; at += 1) {
    const random = seeded(7);
    const server = new SimulatedServer(random);
    const world = client(server, random);
    world.connection.open();
    let delivered = 0;
    for (let step = 0; step < 60; step += 1) {
      server.act();
      for (const socket of [...server.sockets]) {
        while (socket.readyState < 2 && (socket.queue.length || socket.readyState === 0)) {
          socket.pump(1);
          if (++delivered === at) socket.cut();
        }
      }
      world.timers.pass(1_000);
    }
    calm(server, world);
    assert.deepEqual([...world.state.messages], server.state.messages, `cut after frame ${at}`);
    assert.equal(world.snapshots, 1, `cut after frame ${at}`);
  }
});
