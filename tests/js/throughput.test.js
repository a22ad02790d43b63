import assert from 'node:assert/strict';
import test from 'node:test';
import { Throughput } from '../../static/js/stream/throughput.js';
import { text } from './frames.js';

const usage = (completion_tokens) => ({ type: 'usage', chat_id: 'c1', completion_tokens, ctx_used: 1, ctx_max: 2 });

/** 20 characters each 100 ms: 50 tokens per second at 4 characters a token. */
function stream(throughput, from, to, message_id = 'm1') {
  for (let at = from; at <= to; at += 100) throughput.observe(text(0, 0, 'x'.repeat(20), message_id), at);
}

test('it knows nothing before anything was said, nor from one delta', () => {
  const throughput = new Throughput();
  assert.equal(throughput.rate('c1', 0), null);
  stream(throughput, 0, 0);
  assert.equal(throughput.rate('c1', 100), null);
});

test('it estimates tokens per second from the text', () => {
  const throughput = new Throughput();
  stream(throughput, 0, 3_000);
  assert.equal(Math.round(throughput.rate('c1', 3_000)), 50);
});

test('it is corrected by the exact count', () => {
  const throughput = new Throughput();
  stream(throughput, 0, 3_000); // 31 deltas, 620 characters, 155 tokens by estimate
  throughput.observe(usage(310), 3_000);
  assert.equal(Math.round(throughput.rate('c1', 3_000)), 100);
  stream(throughput, 10_000, 13_000, 'm2'); // the next step estimates with what was learnt
  assert.equal(Math.round(throughput.rate('c1', 13_000)), 100);
});

test('it falls when the model pauses and is silent after the window', () => {
  const throughput = new Throughput();
  stream(throughput, 0, 3_000);
  assert.ok(throughput.rate('c1', 4_000) < 40);
  assert.equal(throughput.rate('c1', 8_001), null);
});

test('it is smoothed over the window', () => {
  const throughput = new Throughput(2_000);
  stream(throughput, 0, 10_000);
  assert.equal(Math.round(throughput.rate('c1', 10_000)), 50);
  assert.ok(throughput.chats.get('c1').samples.length <= 20);
});

test('it keeps chats apart and does not mind counts without text', () => {
  const throughput = new Throughput();
  throughput.observe(usage(100), 0);
  throughput.observe({ type: 'usage', chat_id: 'c1', completion_tokens: 0 }, 1);
  stream(throughput, 0, 1_000);
  assert.equal(throughput.rate('c2', 1_000), null);
  assert.equal(Math.round(throughput.rate('c1', 1_000)), 50);
});
