import assert from 'node:assert/strict';
import test from 'node:test';
import { ChannelBuffer } from '../../static/js/stream/sequencer.js';
import { text } from './frames.js';

const seqs = (frames) => frames.map((frame) => frame.seq);

test('it drops a frame below the expected one', () => {
  const buffer = new ChannelBuffer(5);
  assert.equal(buffer.offer(text(4, 4)), false);
  assert.deepEqual(buffer.flush(), []);
});

test('it holds later frames and flushes what is contiguous', () => {
  const buffer = new ChannelBuffer(500);
  for (const seq of [503, 501, 502, 505]) buffer.offer(text(seq, seq));
  assert.deepEqual(buffer.flush(), []);
  buffer.offer(text(500, 500));
  assert.deepEqual(seqs(buffer.flush()), [500, 501, 502, 503]);
  assert.equal(buffer.next, 504);
  assert.equal(buffer.held.size, 1);
});

test('it keeps the first of two frames with one seq', () => {
  const buffer = new ChannelBuffer();
  assert.equal(buffer.offer(text(1, 1, 'first')), true);
  assert.equal(buffer.offer(text(1, 1, 'second')), false);
  buffer.offer(text(0, 0));
  assert.equal(buffer.flush()[1].content, 'first');
});
