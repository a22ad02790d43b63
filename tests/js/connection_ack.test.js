import assert from 'node:assert/strict';
import test from 'node:test';
import { forget, live, connection } from './connected.js';
import { heartbeat, resumed, snapshot, text } from './frames.js';

const entries = (from, count, content) =>
  Array.from({ length: count }, (_, n) => text(from + n, from + n + 1, content));

test('it acknowledges every 64 frames', () => {
  const world = live();
  world.socket.deliver(...entries(500, 63));
  assert.deepEqual(world.sent('ack'), []);
  world.socket.deliver(...entries(563, 1));
  assert.deepEqual(world.sent('ack'), [{ type: 'ack', ord: 564 }]);
});

test('it acknowledges after a second', () => {
  const world = live();
  world.socket.deliver(...entries(500, 2));
  world.timers.pass(999);
  assert.deepEqual(world.sent('ack'), []);
  world.timers.pass(1);
  assert.deepEqual(world.sent('ack'), [{ type: 'ack', ord: 502 }]);
  world.timers.pass(5_000);
  assert.equal(world.sent('ack').length, 1);
});

test('it acknowledges large frames before the server has to stop', () => {
  const world = live();
  world.socket.deliver(...entries(500, 3, 'x'.repeat(32_000)));
  assert.deepEqual(world.sent('ack'), [{ type: 'ack', ord: 503 }]);
});

test('it acknowledges by the clock also where timers are held back, as in a hidden tab', () => {
  const world = live();
  world.socket.deliver(...entries(500, 1));
  world.timers.at += 1_500;
  world.socket.deliver(...entries(501, 1));
  assert.deepEqual(world.sent('ack'), [{ type: 'ack', ord: 502 }]);
});

test('it acknowledges what was applied, not what is held', () => {
  const world = live();
  world.socket.deliver(text(500, 501), text(502, 503));
  world.timers.pass(1_000);
  assert.deepEqual(world.sent('ack'), [{ type: 'ack', ord: 501 }]);
});

test('it acknowledges at once when it caught up', () => {
  const world = connection();
  world.connection.open();
  world.socket.accept();
  world.socket.deliver(
    resumed({ recovered: false, heads: { text: 7 }, ord: 7 }),
    snapshot({ heads: { text: 7 }, ord: 7 }),
  );
  assert.deepEqual(world.sent('ack'), [{ type: 'ack', ord: 7 }]);
  world.socket.end(1006);
  world.connection.retryNow();
  world.socket.accept();
  world.socket.deliver(resumed({ heads: { text: 8 }, ord: 8, replayed: 1 }), text(7, 8));
  assert.deepEqual(world.sent('ack'), [{ type: 'ack', ord: 8 }]);
});

test('it acknowledges frames without a place too, but not heartbeats', () => {
  const world = live();
  world.socket.deliver(heartbeat({ heads: { text: 500 }, ord: 500 }));
  world.timers.pass(2_000);
  assert.deepEqual(world.sent('ack'), []);
  world.socket.deliver({ type: 'agent_snapshot', chat_id: 'c1', snapshot: {} });
  world.timers.pass(1_000);
  assert.deepEqual(world.sent('ack'), [{ type: 'ack', ord: 500 }]);
});

test('it does not acknowledge on a socket that is gone', () => {
  const world = live();
  world.socket.deliver(text(500, 501));
  const old = world.socket;
  old.end(1006);
  forget(world);
  world.timers.pass(5_000);
  assert.deepEqual(old.sent, []);
});
