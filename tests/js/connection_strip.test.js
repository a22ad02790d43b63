import assert from 'node:assert/strict';
import test from 'node:test';
import { connection, live } from './connected.js';
import { heartbeat, resumed, snapshot, text } from './frames.js';

const shown = (world) => world.states.map((state) => state.state);

test('it is connecting, then live', () => {
  const world = connection();
  world.connection.open();
  world.socket.accept();
  assert.deepEqual(shown(world), ['connecting']);
  world.socket.deliver(resumed({ recovered: false }), snapshot());
  assert.deepEqual(shown(world), ['connecting', 'live']);
  assert.deepEqual([world.state.reloaded, world.state.replayed], [false, 0]);
});

test('it says at once that the socket is lost, and when it tries again', () => {
  const world = live();
  world.socket.end(1006);
  assert.deepEqual([world.state.state, world.state.reason], ['reconnecting', 'lost']);
  assert.equal(world.state.retryAt, world.timers.now() + 500);
  world.timers.pass(500);
  assert.deepEqual([world.state.state, world.state.retryAt], ['reconnecting', null]);
});

test('it says how many frames were replayed', () => {
  const world = live();
  world.socket.end(1006);
  world.timers.pass(500);
  world.socket.accept();
  world.socket.deliver(resumed({ heads: { text: 502 }, ord: 502, replayed: 2 }), text(500, 501));
  assert.equal(world.state.state, 'reconnecting');
  world.socket.deliver(text(501, 502));
  assert.deepEqual([world.state.state, world.state.replayed, world.state.reloaded], ['live', 2, false]);
});

test('it says that it was reloaded', () => {
  const world = live();
  world.socket.end(1006);
  world.timers.pass(500);
  world.socket.accept();
  world.socket.deliver(resumed({ recovered: false }), snapshot({ ord: 900 }));
  assert.deepEqual([world.state.state, world.state.reloaded], ['live', true]);
});

test('it says that the server restarted until it is live again', () => {
  const world = live();
  world.socket.end(1012);
  world.timers.pass(250);
  world.socket.end(1006);
  world.timers.pass(500);
  world.socket.accept();
  world.socket.deliver(resumed({ heads: { text: 500 }, ord: 500 }));
  assert.deepEqual([world.state.state, world.state.serverRestarted], ['live', true]);
  world.socket.end(1006);
  assert.equal(world.state.serverRestarted, false);
});

test('it says that the browser is offline, and tries nevertheless', () => {
  const world = live();
  world.online = false;
  world.socket.end(1006);
  assert.equal(world.state.state, 'offline');
  world.timers.pass(30_000);
  assert.equal(world.Sockets.all.length > 1, true);
  assert.equal(world.state.state, 'offline');
});

test('it tells about a resync on the open socket only when something was missed', () => {
  const world = live();
  const behind = heartbeat({ heads: { text: 501 }, ord: 501 });
  world.socket.deliver(behind);
  world.timers.pass(300);
  world.socket.deliver(resumed({ heads: { text: 501 }, ord: 501, replayed: 1 }), text(500, 501));
  assert.deepEqual(shown(world), ['live']);
  assert.equal(world.state.replayed, 1);
});
