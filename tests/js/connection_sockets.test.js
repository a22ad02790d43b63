import assert from 'node:assert/strict';
import test from 'node:test';
import { delay } from '../../static/js/stream/backoff.js';
import { connection, live } from './connected.js';
import { heartbeat, resumed } from './frames.js';
import { seeded } from './fakes.js';

test('it waits with full jitter, doubling from 1 s to 30 s', () => {
  const longest = Array.from({ length: 8 }, (_, attempt) => delay(attempt, () => 0.9999999));
  assert.deepEqual(longest, [1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000, 30_000]);
  assert.equal(
    delay(7, () => 0),
    0,
  );
  assert.equal(
    delay(5_000, () => 0.5),
    15_000,
  );
  const random = seeded(1);
  const waits = Array.from({ length: 200 }, () => delay(3, random));
  assert.ok(new Set(waits.map((wait) => Math.floor(wait / 1_000))).size === 8, 'spread over the whole range');
});

test('it tries again and again, later and later', () => {
  const world = connection({ luck: 0.5 });
  world.connection.open();
  const waits = [];
  for (let attempt = 0; attempt < 7; attempt += 1) {
    world.socket.end(1006);
    waits.push(world.state.retryAt - world.timers.now());
    world.timers.pass(waits.at(-1));
  }
  assert.deepEqual(waits, [500, 1_000, 2_000, 4_000, 8_000, 15_000, 15_000]);
  assert.equal(world.Sockets.all.length, 8);
});

test('it keeps nobody waiting who looks at the page', () => {
  const world = connection({ luck: 0.9999999, isSeen: () => true });
  world.connection.open();
  for (let attempt = 0; attempt < 9; attempt += 1) {
    world.socket.end(1006);
    const wait = world.state.retryAt - world.timers.now();
    assert.ok(wait <= 4_000, `${wait} ms`);
    world.timers.pass(wait);
  }
});

test('it tries at once when the person does something, and not at each key', () => {
  const world = connection({ luck: 0.9999999 });
  world.connection.open();
  for (let attempt = 0; attempt < 5; attempt += 1) {
    const dialed = world.Sockets.all.length;
    world.socket.end(1006);
    world.connection.nudge();
    assert.equal(world.Sockets.all.length, dialed, 'just now');
    world.timers.pass(900);
    world.timers.at += 101;
    world.connection.nudge();
    assert.equal(world.Sockets.all.length, dialed + 1);
  }
});

test('it starts with short waits again once it was live', () => {
  const world = connection();
  world.connection.open();
  for (let attempt = 0; attempt < 5; attempt += 1) {
    world.socket.end(1006);
    world.connection.retryNow();
  }
  world.socket.accept();
  world.socket.end(1006);
  assert.ok(world.state.retryAt - world.timers.now() > 1_000, 'an open socket alone is not enough');
  world.connection.retryNow();
  world.socket.accept();
  world.socket.deliver(resumed());
  world.socket.end(1006);
  assert.equal(world.state.retryAt - world.timers.now(), 500);
});

test('it comes back quickly when the server restarts', () => {
  const world = live();
  world.socket.end(1012);
  assert.equal(world.state.retryAt - world.timers.now(), 250);
  assert.equal(world.state.serverRestarted, true);
});

test('it takes 40 s of silence for a closed socket', () => {
  const world = live();
  world.timers.pass(30_000);
  world.socket.deliver(heartbeat({ heads: { text: 500 }, ord: 500 }));
  world.timers.pass(39_999);
  assert.deepEqual(world.states, []);
  world.timers.pass(1);
  assert.equal(world.state.state, 'reconnecting');
  assert.equal(world.socket.closedByUs, true);
});

test('it finds a dead socket after the machine slept', () => {
  const world = live();
  world.timers.sleep(3_600_000);
  assert.equal(world.state.state, 'reconnecting');
});

test('it gives a socket 10 s to open', () => {
  const world = connection();
  world.connection.open();
  world.timers.pass(10_000);
  assert.equal(world.socket.closedByUs, true);
  assert.equal(world.state.state, 'reconnecting');
});

test('it takes a socket for dead that opens and says nothing', () => {
  const world = connection();
  world.connection.open();
  world.socket.accept();
  world.timers.pass(5_000);
  assert.equal(world.state.state, 'reconnecting');
});

for (const [code, reason] of [
  [4401, 'signed out'],
  [4404, 'gone'],
]) {
  test(`it does not come back after ${code}: ${reason}`, () => {
    const world = live();
    world.socket.end(code);
    assert.deepEqual([world.state.state, world.state.reason, world.state.retryAt], ['closed', reason, null]);
    world.timers.pass(600_000);
    assert.equal(world.Sockets.all.length, 1);
    world.connection.retryNow();
    assert.equal(world.Sockets.all.length, 2);
  });
}

test('it comes back after it was too slow', () => {
  const world = live();
  world.socket.end(4408);
  world.timers.pass(500);
  assert.equal(world.Sockets.all.length, 2);
});

test('it tries at once when it is told to, or when the tab wakes', () => {
  for (const hurry of ['retryNow', 'wake']) {
    const world = live();
    world.socket.end(1006);
    world.connection[hurry]();
    assert.equal(world.Sockets.all.length, 2);
    world.connection[hurry]();
    world.timers.pass(5_000);
    assert.equal(world.Sockets.all.length, 2, 'one attempt at a time');
  }
});

test('it ends for good when the page leaves', () => {
  const world = live();
  world.connection.close();
  assert.equal(world.socket.closedByUs, true);
  assert.deepEqual([world.state.state, world.state.reason], ['closed', 'left']);
  assert.equal(world.timers.pending.size, 0);
});

test('it survives an address that the browser refuses', () => {
  const world = connection({
    WebSocket: class {
      constructor() {
        throw new Error('SecurityError');
      }
    },
  });
  world.connection.open();
  assert.equal(world.state.state, 'reconnecting');
});
