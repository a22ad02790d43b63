import assert from 'node:assert/strict';
import test from 'node:test';
import { connection, forget, live } from './connected.js';
import { EPOCH, OTHER_EPOCH, resumed, snapshot, text, toolCall } from './frames.js';

const ords = (world) => world.frames.filter((frame) => frame.channel).map((frame) => frame.ord);

test('it sends its position first on every socket', () => {
  const world = connection();
  world.connection.open();
  assert.deepEqual(world.socket.sent, []);
  world.socket.accept();
  assert.deepEqual(world.socket.sent, [{ type: 'reconnect', lastSeqPerChannel: {} }]);
});

test('it goes on after a cut from what it applied', () => {
  const world = live();
  world.socket.deliver(text(500, 501), text(502, 503));
  world.socket.end(1006);
  world.connection.retryNow();
  world.socket.accept();
  assert.deepEqual(world.socket.sent[0], { type: 'reconnect', lastSeqPerChannel: { text: 501 }, epoch: EPOCH });
  world.socket.deliver(resumed({ heads: { text: 503 }, ord: 503, replayed: 2 }), text(501, 502), text(502, 503));
  assert.deepEqual(ords(world), [501, 502, 503]);
});

test('it hands frames over in order and each once, whatever the socket does', () => {
  const world = live();
  world.socket.deliver(text(501, 502), text(500, 501), text(500, 501), toolCall(0, 503), text(501, 502));
  assert.deepEqual(ords(world), [501, 502, 503]);
});

test('it ignores the frames and the end of an old socket', () => {
  const world = live();
  const old = world.socket;
  old.end(1006);
  world.connection.retryNow();
  world.socket.accept();
  world.socket.deliver(resumed({ heads: { text: 500 }, ord: 500 }));
  forget(world);
  old.deliver(text(500, 501));
  old.end(4404);
  assert.deepEqual([world.frames, world.states], [[], []]);
  world.socket.deliver(text(500, 501));
  assert.deepEqual(ords(world), [501]);
});

test('it starts anew from a snapshot of another epoch', () => {
  const world = live();
  world.socket.end(1006);
  world.connection.retryNow();
  world.socket.accept();
  const heads = { text: 2 };
  world.socket.deliver(
    resumed({ recovered: false, epoch: OTHER_EPOCH, heads, ord: 2 }),
    snapshot({ epoch: OTHER_EPOCH, heads, ord: 2 }),
    text(2, 3),
  );
  assert.deepEqual(
    world.frames.map((frame) => frame.type),
    ['snapshot', 'channel_delta'],
  );
  assert.equal(world.connection.sequencer.epoch, OTHER_EPOCH);
});

test('it logs a bad frame, passes over it and goes on', () => {
  const world = live();
  world.socket.deliver('{broken', { ...text(500, 501), content: 4 }, text(501, 502));
  assert.equal(world.problems.length, 2);
  assert.deepEqual(
    world.frames.map((frame) => frame.type),
    ['skipped', 'channel_delta'],
  );
});

test('it goes on after a frame that the page could not apply', () => {
  const seen = [];
  const world = live({
    onFrames: (frames) => {
      seen.push(...frames);
      if (frames[0].seq === 500) throw new Error('page');
    },
  });
  world.socket.deliver(text(500, 501), text(501, 502));
  assert.deepEqual(
    seen.slice(-2).map((frame) => frame.ord),
    [501, 502],
  );
  assert.deepEqual(world.problems, ['a frame could not be applied']);
});

test('it hands frames over as they come where there is no log', () => {
  const world = connection({ resumes: false });
  world.connection.open();
  world.socket.accept();
  assert.deepEqual([world.socket.sent, world.state.state], [[], 'live']);
  world.socket.deliver({ type: 'session_deleted', session_id: 's1' });
  assert.equal(world.frames.length, 1);
  world.socket.end(1006);
  world.connection.retryNow();
  world.socket.accept();
  assert.deepEqual([world.state.state, world.state.reloaded], ['live', true]);
});

test('it takes silence for a loss where there is no log, too', () => {
  const world = connection({ resumes: false });
  world.connection.open();
  world.socket.accept();
  world.timers.pass(30_000);
  world.socket.deliver({ type: 'alive' });
  world.timers.pass(39_000);
  assert.deepEqual([world.state.state, world.frames], ['live', []]);
  world.timers.pass(1_500);
  assert.equal(world.state.state, 'reconnecting');
});
