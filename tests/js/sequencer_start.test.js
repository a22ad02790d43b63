import assert from 'node:assert/strict';
import test from 'node:test';
import { connection } from './connected.js';
import { resumed } from './frames.js';

const POSITION = { epoch: 'e1', ord: 1_000_000, heads: { text: 900_000, event: 100_000 } };

test('a page that needs nothing of before asks for what comes after it was rendered', () => {
  const world = connection({ position: POSITION });
  world.connection.open();
  world.socket.accept();
  const [asked] = world.sent('reconnect');
  assert.deepEqual([asked.epoch, asked.lastSeqPerChannel], ['e1', POSITION.heads]);
  world.socket.deliver(resumed({ ...POSITION, recovered: true }));
  world.socket.deliver({ type: 'message_started', channel: 'event', seq: 100_000, ord: 1_000_001 });
  assert.equal(world.state.state, 'live');
  assert.deepEqual(
    world.frames.filter((frame) => frame.seq).map((frame) => frame.ord),
    [1_000_001],
  );
});
