import assert from 'node:assert/strict';
import test from 'node:test';
import { CONTRACT } from '../../static/js/stream/contract.js';
import { parse, problemOf } from '../../static/js/stream/wire.js';
import { goldenFrames, text } from './frames.js';

for (const [name, frames] of Object.entries(goldenFrames())) {
  test(`it reads the golden frames of ${name}`, () => {
    for (const frame of frames) assert.deepEqual(parse(JSON.stringify(frame)), { frame, problem: null });
  });
}

test('it has a golden frame for each frame of the contract', () => {
  const golden = Object.values(goldenFrames()).flat();
  const names = new Set(
    golden.map((frame) => (frame.type === 'channel_delta' ? `channel_delta/${frame.channel}` : frame.type)),
  );
  assert.deepEqual([...names].sort(), Object.keys(CONTRACT.frames).sort());
});

test('it tolerates fields that the contract does not name', () => {
  const frame = { ...text(3, 9), novelty: [1] };
  assert.deepEqual(parse(JSON.stringify(frame)), { frame, problem: null });
});

test('it passes over a bad frame that has a place in the log', () => {
  const { frame, problem } = parse(JSON.stringify({ ...text(3, 9), content: 7 }));
  assert.deepEqual(frame, { type: 'skipped', channel: 'text', seq: 3, ord: 9 });
  assert.equal(problem, 'channel_delta/text.content: not string');
});

test('it passes over a frame of an unknown type or channel', () => {
  const place = { channel: 'event', seq: 4, ord: 10 };
  assert.deepEqual(parse(JSON.stringify({ type: 'confetti', ...place })).frame, { type: 'skipped', ...place });
  assert.equal(parse(JSON.stringify({ ...text(3, 9), channel: 'smell' })).frame.channel, 'smell');
});

test('it refuses what is not a frame', () => {
  for (const bad of [
    '',
    '{',
    'null',
    '3',
    '"text"',
    '[]',
    '{}',
    '{"type":7}',
    '{"type":"__proto__"}',
    '{"type":"toString"}',
  ]) {
    const { frame, problem } = parse(bad);
    assert.equal(frame, null, bad);
    assert.ok(problem, bad);
  }
  assert.equal(parse(new ArrayBuffer(4)).frame, null);
});

test('it says which field is missing, also inside', () => {
  const { content, ...bare } = text(0, 1);
  assert.equal(problemOf(bare), 'channel_delta/text.content: missing');
  const call = {
    type: 'channel_delta',
    channel: 'tool_call',
    seq: 0,
    ord: 1,
    chat_id: 'c',
    message_id: 'm',
    tool_call: { id: 'x', name: 'y' },
  };
  assert.equal(problemOf(call), 'channel_delta/tool_call.tool_call.args: missing');
});

test('it holds numbers, lists, maps and fixed words to their kind', () => {
  const frame = goldenFrames();
  const spoiled = [
    { ...frame.heartbeat[0], heads: { text: 1.5 } },
    { ...frame.heartbeat[0], heads: [] },
    { ...frame.heartbeat[0], ord: '7' },
    { ...frame.heartbeat[0], ord: 2 ** 64 },
    { ...frame.messages_deleted[0], message_ids: ['a', 1] },
    { ...frame.agent_status_updated[0], status: 'happy' },
    { ...frame.snapshot[0], messages: [null] },
    { ...frame.resumed[0], recovered: 'yes' },
    { ...text(0, 1), seq: null },
  ];
  for (const bad of spoiled) assert.ok(problemOf(bad), JSON.stringify(bad).slice(0, 80));
});
