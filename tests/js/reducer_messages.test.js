import assert from 'node:assert/strict';
import test from 'node:test';
import { Changes, apply, initial } from '../../static/js/stream/reducer.js';
import { event, goldenFrames, goldenStory, snapshot, started, status, text, toolCall } from './frames.js';

/** The state after the frames. */
function after(...frames) {
  const state = initial({ id: 's1' });
  for (const frame of frames) apply(state, frame);
  return state;
}

test('it ends a story where the server’s snapshot is', () => {
  const story = goldenStory();
  const [whole] = goldenFrames().snapshot;
  const state = initial({ id: whole.messages[0].session_id });
  for (const frame of story) apply(state, frame);
  assert.deepEqual([...state.messages], whole.messages);
  assert.deepEqual([state.heads, state.ord], [whole.heads, whole.ord]);
  assert.deepEqual([...state.traces.values()], whole.traces);
});

test('it puts together what a user said', () => {
  const state = after(
    started(0, 1, 'm1', 'user'),
    event(1, 2, { type: 'delta', message_id: 'm1', content: 'draft' }),
    event(2, 3, { type: 'delta', message_id: 'm1', content: 'whole' }),
    event(3, 4, { type: 'message_complete', message_id: 'm1', chat_id: 'c1', status: 'complete' }),
  );
  const { role, content, status: now, session_id } = state.messages.get('m1');
  assert.deepEqual([role, content, now, session_id], ['user', 'whole', 'complete', 's1']);
});

test('it keeps text and reasoning apart', () => {
  const thought = { ...text(1, 3, 'hm'), part: 'reasoning' };
  const state = after(
    started(0, 1),
    text(0, 2, 'a'),
    thought,
    { ...thought, seq: 2, content: 'm' },
    { ...text(3, 5, 'b'), part: undefined },
  );
  const message = state.messages.get('m1');
  assert.deepEqual([message.content, message.metadata.reasoning, message.last_seq], ['ab', 'hmm', 4]);
});

test('it leaves out text that the message holds already', () => {
  const message = {
    id: 'm1',
    chat_id: 'c1',
    role: 'assistant',
    content: 'held ',
    last_seq: 7,
    metadata: { reasoning: 'so ' },
  };
  const state = after(snapshot({ messages: [message] }), text(5, 1, 'old'), text(6, 2, 'old'), text(7, 3, 'new'), {
    ...text(8, 4, 'on'),
    part: 'reasoning',
  });
  const { content, metadata, last_seq } = state.messages.get('m1');
  assert.deepEqual([content, metadata.reasoning, last_seq], ['held new', 'so on', 9]);
});

test('it knows that all text below the head is said where an answer begins and ends', () => {
  const state = after(
    text(4, 1, 'x', 'another'),
    started(0, 2, 'm1'),
    status(0, 3, 'running', 'm2'),
    started(1, 4, 'm3', 'user'),
  );
  assert.deepEqual(
    [...state.messages].map((message) => message.last_seq),
    [5, 5, 0],
  );
  apply(state, text(5, 5, 'mine', 'm1'));
  apply(state, text(6, 6, 'x', 'another'));
  assert.equal(state.messages.get('m1').last_seq, 6);
  apply(state, status(1, 7, 'complete', 'm1'));
  assert.equal(state.messages.get('m1').last_seq, 7);
});

test('it starts an unknown message that runs, and no other', () => {
  const state = after(
    status(0, 1, 'running', 'm1', { model: 'scripted:demo' }),
    status(1, 2, 'complete', 'm2'),
    text(0, 3, 'x', 'm3'),
  );
  assert.equal(state.messages.size, 1);
  const { role, status: now, model } = state.messages.get('m1');
  assert.deepEqual([role, now, model], ['assistant', 'streaming', 'scripted:demo']);
});

test('it keeps a message streaming while it runs or waits, and ends it with the word of the status', () => {
  for (const [said, shown] of [
    ['running', 'streaming'],
    ['waiting', 'streaming'],
    ['complete', 'complete'],
    ['cancelled', 'cancelled'],
    ['failed', 'failed'],
    ['interrupted', 'interrupted'],
  ]) {
    assert.equal(after(started(0, 1), status(0, 2, said)).messages.get('m1').status, shown);
  }
});

test('it takes over what a status or an end brings, and leaves the rest', () => {
  const first = { model: 'm', ctx_max: 100, started_at: 'then', metadata: { a: 1 } };
  const end = {
    type: 'message_complete',
    message_id: 'm1',
    chat_id: 'c1',
    status: 'failed',
    tokens_used: 0,
    model: null,
    metadata: { b: 2 },
  };
  const message = after(
    started(0, 1),
    { ...text(0, 2, 'hm'), part: 'reasoning' },
    status(0, 3, 'running', 'm1', first),
    event(1, 4, end),
  ).messages.get('m1');
  assert.deepEqual(
    [message.model, message.ctx_max, message.started_at, message.tokens_used, message.status],
    ['m', 100, 'then', 0, 'failed'],
  );
  assert.deepEqual(message.metadata, { reasoning: 'hm', a: 1, b: 2 });
});

test('it lists tool calls in order, each once', () => {
  const message = after(started(0, 1), toolCall(0, 2, 'x'), toolCall(1, 3, 'y'), toolCall(2, 4, 'y')).messages.get(
    'm1',
  );
  assert.deepEqual(
    message.tool_calls.map((call) => call.id),
    ['x', 'y'],
  );
});

test('it makes a message of a tool result', () => {
  const result = {
    type: 'channel_delta',
    channel: 'tool_result',
    seq: 0,
    ord: 3,
    chat_id: 'c1',
    message_id: 'm1',
    tool_message_id: 'm2',
    tool_call_id: 'x',
    output: 'out',
    truncated: false,
    created_at: 'then',
  };
  const chunk = event(1, 2, { type: 'tool_output', chat_id: 'c1', tool_call_id: 'x', chunk: 'o' });
  const state = after(started(0, 1), chunk, result);
  const { role, chat_id, status: now, tool_results, created_at } = state.messages.get('m2');
  assert.deepEqual([role, chat_id, now, created_at], ['tool', 'c1', 'complete', 'then']);
  assert.deepEqual(tool_results, { tool_call_id: 'x', output: 'out', truncated: false });
  assert.equal(state.outputs.has('x'), false);
  apply(state, { ...result, seq: 1, ord: 4, error: 'no such file' });
  assert.equal(state.messages.get('m2').tool_results.error, 'no such file');
});

test('it forgets deleted messages, and what comes about them later', () => {
  const state = after(started(0, 1, 'm1'), started(1, 2, 'm2'));
  const changes = apply(state, event(2, 3, { type: 'messages_deleted', message_ids: ['m1', 'mX'], chat_id: 'c1' }));
  assert.deepEqual([...changes.removed], ['m1']);
  apply(state, text(0, 4, 'late', 'm1'));
  assert.deepEqual(
    [...state.messages].map((message) => message.id),
    ['m2'],
  );
});

test('it orders messages by id, which is by creation', () => {
  const state = after(started(0, 1, 'm3'), started(1, 2, 'm1'), started(2, 3, 'm4'), started(3, 4, 'm2'));
  assert.deepEqual(
    [...state.messages].map((message) => message.id),
    ['m1', 'm2', 'm3', 'm4'],
  );
  assert.equal(state.messages.at(-1).id, 'm4');
  assert.equal(state.messages.indexOf('m3'), 2);
});

test('it replaces all messages with those of a snapshot', () => {
  const state = after(started(0, 1, 'm1'), started(1, 2, 'm2'));
  const changes = apply(
    state,
    snapshot({
      heads: { event: 9 },
      ord: 9,
      messages: [
        { id: 'm2', content: 'new' },
        { id: 'm3', content: '' },
      ],
    }),
  );
  assert.deepEqual(
    [...state.messages].map(({ id, content }) => [id, content]),
    [
      ['m2', 'new'],
      ['m3', ''],
    ],
  );
  assert.deepEqual([[...changes.messages], [...changes.removed], changes.reloaded], [['m2', 'm3'], ['m1'], true]);
  assert.deepEqual([state.ord, state.heads], [9, { event: 9 }]);
});

test('it gives changed messages a new object and leaves the others theirs', () => {
  const state = after(started(0, 1, 'm1'), started(1, 2, 'm2'));
  const [first, second] = [...state.messages];
  const changes = apply(state, text(0, 3, 'x', 'm2'));
  assert.equal(state.messages.get('m1'), first);
  assert.notEqual(state.messages.get('m2'), second);
  assert.equal(second.content, '');
  assert.deepEqual([...changes.messages], ['m2']);
});

test('it collects the changes of many frames', () => {
  const state = initial();
  const changes = new Changes();
  for (const frame of [started(0, 1, 'm1'), text(0, 2), text(1, 3), started(1, 4, 'm2')]) apply(state, frame, changes);
  assert.deepEqual([...changes.messages], ['m1', 'm2']);
});

test('it takes a text delta as fast in 10,000 messages as in one', () => {
  const state = initial();
  for (let n = 0; n < 10_000; n += 1) apply(state, started(n, n + 1, `m${String(n).padStart(6, '0')}`));
  const begin = performance.now();
  for (let n = 0; n < 20_000; n += 1) apply(state, text(n, 10_001 + n, 'word ', 'm005000'));
  const each_us = ((performance.now() - begin) * 1000) / 20_000;
  assert.equal(state.messages.get('m005000').content.length, 100_000);
  assert.ok(each_us < 50, `${each_us.toFixed(1)} µs for each delta`); // 1 µs alone; a copy of the list would be 50 and more
});
