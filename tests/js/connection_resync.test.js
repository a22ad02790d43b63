import assert from 'node:assert/strict';
import test from 'node:test';
import { live } from './connected.js';
import { EPOCH, OTHER_EPOCH, heartbeat, resumed, text } from './frames.js';

const ahead = heartbeat({ heads: { text: 500, status: 1 }, ord: 501 });
const position = { type: 'reconnect', lastSeqPerChannel: { text: 500 }, epoch: EPOCH };

test('it asks again on the open socket when a heartbeat is ahead', () => {
  const world = live();
  world.socket.deliver(ahead);
  world.timers.pass(300);
  assert.deepEqual(world.sent('reconnect'), [position]);
  assert.equal(world.Sockets.all.length, 1);
});

test('it gives entries that are right behind a heartbeat the time to come', () => {
  const world = live();
  world.socket.deliver(heartbeat({ heads: { text: 501 }, ord: 501 }), text(500, 501));
  world.timers.pass(10_000);
  assert.deepEqual(world.sent('reconnect'), []);
});

test('it asks at once when a heartbeat names another epoch', () => {
  const world = live();
  world.socket.deliver(heartbeat({ epoch: OTHER_EPOCH }));
  assert.deepEqual(world.sent('reconnect'), [position]);
});

test('it asks again after a stall of 5 s, from where it stands', () => {
  const world = live();
  world.socket.deliver(text(501, 502));
  world.timers.pass(4_999);
  assert.deepEqual(world.sent('reconnect'), []);
  world.timers.pass(1);
  assert.deepEqual(world.sent('reconnect'), [position]);
});

test('it flushes after a stall and a resync, and does not ask again', () => {
  const world = live();
  world.socket.deliver(text(501, 502), text(502, 503));
  world.timers.pass(5_000);
  world.socket.deliver(
    resumed({ heads: { text: 503 }, ord: 503, replayed: 3 }),
    text(500, 501),
    text(501, 502),
    text(502, 503),
    text(503, 504),
  );
  assert.deepEqual(
    world.frames.filter((frame) => frame.channel).map((frame) => frame.ord),
    [501, 502, 503, 504],
  );
  world.timers.pass(30_000);
  assert.equal(world.sent('reconnect').length, 1);
});

test('it is not stalled while held entries move on', () => {
  const world = live();
  world.socket.deliver(text(502, 503));
  world.timers.pass(4_000);
  world.socket.deliver(text(500, 501));
  world.timers.pass(4_000);
  assert.deepEqual(world.sent('reconnect'), []);
  world.timers.pass(1_000);
  assert.equal(world.sent('reconnect').length, 1);
});

test('it asks less and less often where asking does not help', () => {
  const world = live();
  world.socket.deliver(text(502, 503));
  const askedAt = [];
  for (let second = 1; second <= 120; second += 1) {
    const before = world.sent('reconnect').length;
    world.timers.pass(1_000);
    if (world.sent('reconnect').length > before) askedAt.push(second);
    world.socket.deliver({ type: 'agent_snapshot', chat_id: 'c1', snapshot: {} }); // alive, but no help
  }
  assert.deepEqual(askedAt, [5, 15, 35, 75, 115]);
});

test('it asks at once when too much is held', () => {
  const world = live();
  for (let n = 1; n <= 501; n += 1) world.socket.deliver(text(500 + n, 501 + n));
  assert.deepEqual(world.sent('reconnect'), [position]);
});

test('it does not ask a socket that spoke a moment ago', () => {
  const world = live();
  world.timers.pass(1_999);
  world.connection.wake();
  assert.deepEqual(world.sent('reconnect'), []);
});

test('it asks on the open socket when the tab wakes', () => {
  const world = live();
  world.timers.pass(3_000);
  world.connection.wake();
  assert.deepEqual(world.sent('reconnect'), [position]);
  world.socket.deliver(resumed({ heads: { text: 500 }, ord: 500 }));
  world.timers.pass(30_000);
  assert.deepEqual(world.states, []);
});

test('it takes a socket for dead that does not answer a woken tab', () => {
  const world = live();
  world.timers.pass(3_000);
  world.connection.wake();
  world.timers.pass(5_000);
  assert.equal(world.socket.closedByUs, true);
  assert.equal(world.state.state, 'reconnecting');
});

test('it knows within a second when the browser lost its network', () => {
  const world = live();
  world.online = false;
  world.connection.wake();
  world.timers.pass(1_000);
  assert.equal(world.state.state, 'offline');
});

test('it stays live when the network is gone but the server is on this machine', () => {
  const world = live();
  world.online = false;
  world.connection.wake();
  world.socket.deliver(resumed({ heads: { text: 500 }, ord: 500 }));
  world.timers.pass(5_000);
  assert.deepEqual(world.states, []);
});
