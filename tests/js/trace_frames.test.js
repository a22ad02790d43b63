import assert from 'node:assert/strict';
import { test } from 'node:test';
import './labels.js';
import { Changes, apply, initial } from '../../static/js/stream/reducer.js';
import { treeLines, foundLines } from '../../static/js/traces/list/lines.js';
import { boundsOf, partsOfCall } from '../../static/js/traces/timing.js';

const summary = {
  id: 't1',
  chat_id: 'c',
  title: 'Fix it',
  model: 'scripted:x',
  status: 'queued',
  queued_at: '2026-01-01T00:00:00Z',
  started_at: null,
  finished_at: null,
  duration_ms: null,
  queue_ms: 0,
  wait_ms: 0,
  model_ms: 0,
  tool_ms: 0,
  steps: 0,
  calls: 0,
  failures: 0,
  tokens: {},
  cost_usd: null,
  unpriced_steps: 0,
  last_error: null,
};
const trace = (fields) => ({
  id: 'x1',
  chat_id: 'c',
  message_id: 'm1',
  turn: 't1',
  step: 1,
  tool_call_id: 'k1',
  tool: 'edit_file',
  status: 'running',
  started_at: '2026-01-01T00:00:02Z',
  input: { path: 'a.py', old: 'a\nb', new: 'a\nB\nB' },
  duration_ms: null,
  wait_ms: 0,
  queue_ms: 5,
  model_ms: 1000,
  error: null,
  exit_code: null,
  output: '',
  ...fields,
});
const started = {
  type: 'message_started',
  role: 'assistant',
  chat_id: 'c',
  message_id: 'm1',
  created_at: '2026-01-01T00:00:01Z',
};

function begun() {
  const state = initial({ id: 's1' });
  const changes = new Changes();
  state.turns.follow(['c']);
  state.turns.putTurn(structuredClone(summary));
  const tell = (...frames) =>
    frames.forEach((frame) => apply(state, frame, changes, Date.parse('2026-01-01T00:00:05Z')));
  return { turns: state.turns, outdated: changes.outdated, changes, tell };
}

test('a turn grows by frames and stays one line', () => {
  const { turns, tell } = begun();
  tell(started, { type: 'tool_trace_start', trace: trace({}) });
  const turn = turns.get('t1');
  assert.equal(turn.status, 'running');
  const lines = treeLines(turns.ordered(), { isOpen: () => true, hasOlder: false });
  assert.deepEqual(
    lines.map((line) => line.kind),
    ['turn', 'axis', 'step', 'call'],
  );
  tell({
    type: 'tool_trace_finish',
    trace: trace({ status: 'error', duration_ms: 500, wait_ms: 200, error: 'no\nsuch passage' }),
  });
  tell({
    type: 'tool_trace_finish',
    trace: trace({ status: 'error', duration_ms: 500, wait_ms: 200, error: 'no\nsuch passage' }),
  });
  assert.deepEqual([turn.calls, turn.failures, turn.wait_ms, turn.tool_ms], [1, 1, 200, 300]);
  const call = turn.callMap.get('x1');
  assert.deepEqual([call.added, call.removed, call.last_line, call.input], [2, 1, 'such passage', { path: 'a.py' }]);
});

test('a step gets its time, tokens and cost with its end', () => {
  const { turns, tell } = begun();
  tell(started, {
    type: 'message_complete',
    chat_id: 'c',
    message_id: 'm1',
    status: 'complete',
    finished_at: '2026-01-01T00:00:03Z',
    cache_tokens: 10,
    metadata: { prompt_tokens: 50, completion_tokens: 5, cost_usd: 0.01 },
  });
  const step = turns.get('t1').stepMap.get('m1');
  assert.deepEqual(
    [step.status, step.duration_ms, step.prompt, step.completion, step.cache, step.cost_usd],
    ['ok', 2000, 50, 5, 10, 0.01],
  );
  assert.deepEqual([turns.get('t1').model_ms, turns.get('t1').cost_usd], [2000, 0.01]);
});

test('what waits for a person says so until it is decided', () => {
  const { turns, tell } = begun();
  tell(
    started,
    { type: 'tool_trace_start', trace: trace({}) },
    { type: 'approval_requested', chat_id: 'c', trace_id: 'x1' },
  );
  const call = turns.call('x1');
  assert.deepEqual([call.asks, turns.get('t1').status], [true, 'waiting']);
  assert.equal(
    turns.putTurn({ ...summary, status: 'running' }).status,
    'waiting',
    'a summary that was asked for before',
  );
  assert.deepEqual(
    partsOfCall(call, call.started + 900).map((part) => part.kind),
    ['queue', 'approval'],
  );
  tell({ type: 'approval_resolved', chat_id: 'c', trace_id: 'x1' });
  assert.deepEqual([call.asks, turns.get('t1').status], [false, 'running']);
});

test('what frames do not say is asked for, and nothing else', () => {
  const { outdated, tell } = begun();
  tell(started);
  assert.deepEqual([[...outdated.chats], [...outdated.turns]], [[], []]);
  tell({ type: 'agent_status_updated', chat_id: 'c', status: 'waiting' });
  assert.deepEqual([[...outdated.chats], [...outdated.turns]], [[], []]);
  tell({ type: 'message_started', role: 'user', chat_id: 'c', message_id: 'u2' });
  assert.deepEqual([...outdated.chats], ['c']);
  tell({ type: 'agent_status_updated', chat_id: 'c', status: 'idle' });
  assert.deepEqual([...outdated.turns], ['t1']);
});

test('a turn ends though the next one is at work already', () => {
  const { turns, outdated, changes, tell } = begun();
  tell(started, { type: 'turn_finished', chat_id: 'c', turn_id: 't1', status: 'failed', files: [] });
  assert.equal(turns.get('t1').status, 'failed');
  assert.deepEqual([[...outdated.turns], changes.turns.has('t1')], [['t1'], true]);
  tell({ type: 'agent_status_updated', chat_id: 'c', status: 'running' });
  assert.equal(turns.get('t1').status, 'failed');
});

test('the end of an unknown turn does no harm', () => {
  const { turns, outdated, tell } = begun();
  tell({ type: 'turn_finished', chat_id: 'c', turn_id: 't9', status: 'complete', files: [] });
  tell({ type: 'turn_finished', chat_id: 'other', turn_id: 't1', status: 'complete', files: [] });
  assert.deepEqual([turns.has('t9'), [...outdated.turns]], [false, []]);
});

test('frames about what is unknown do no harm', () => {
  const { turns, outdated, tell } = begun();
  tell(
    { type: 'tool_output', chat_id: 'c', tool_call_id: 'nobody', chunk: 'x' },
    { type: 'approval_requested', chat_id: 'c', trace_id: 'nobody' },
    { type: 'channel_delta', channel: 'text', chat_id: 'other', message_id: 'm9', content: 'x' },
    { type: 'message_complete', chat_id: 'z', message_id: 'z', status: 'complete' },
    { type: 'tool_trace_finish', trace: trace({ id: 'x9', turn: 't9', status: 'ok', duration_ms: 1 }) },
  );
  assert.equal(turns.get('t9').isStub, true);
  assert.deepEqual([...outdated.chats], ['c']);
});

test('a turn lies between its queueing and its end', () => {
  const { turns } = begun();
  const turn = turns.putTurn({
    ...summary,
    status: 'complete',
    started_at: '2026-01-01T00:00:10Z',
    finished_at: '2026-01-01T00:00:30Z',
    queue_ms: 10_000,
  });
  assert.deepEqual(
    boundsOf(turn, 0).map((time) => new Date(time).toISOString()),
    ['2026-01-01T00:00:00.000Z', '2026-01-01T00:00:30.000Z'],
  );
});

test('what a filter found stands under its turns, and sorted by time alone', () => {
  const calls = [
    { id: '1', turn: 'a' },
    { id: '2', turn: 'a' },
    { id: '3', turn: 'b' },
  ];
  const turnOf = (id) => ({ id, stepMap: new Map() });
  assert.deepEqual(
    foundLines(calls, turnOf, { flat: false, more: 'more' }).map((line) => line.kind),
    ['turn', 'call', 'call', 'turn', 'call', 'more'],
  );
  assert.deepEqual(
    foundLines(calls, turnOf, { flat: true, more: '' }).map((line) => line.level),
    [1, 1, 1],
  );
});

test('turns of a chat that nobody looks at are left to the server', () => {
  const { turns, changes, tell } = begun();
  tell(
    { ...started, chat_id: 'other' },
    { type: 'tool_trace_start', chat_id: 'other', trace: trace({ chat_id: 'other', turn: 't2' }) },
  );
  assert.equal(turns.has('t2'), false);
  assert.equal(changes.outdated.chats.size, 0);
});

test('the first token ends the wait of a step, by the clock that is given', () => {
  const { turns, changes, tell } = begun();
  tell(started);
  changes.turns.clear();
  tell({ type: 'channel_delta', channel: 'text', chat_id: 'c', message_id: 'm1', content: 'a' });
  assert.equal(turns.step('m1').step.first_token_ms, 4000);
  assert.deepEqual([...changes.turns], ['t1']);
  changes.turns.clear();
  tell({ type: 'channel_delta', channel: 'text', chat_id: 'c', message_id: 'm1', content: 'b' });
  assert.equal(changes.turns.size, 0);
});

test('history that is taken back or replaced outdates all', () => {
  for (const frame of [
    { type: 'messages_deleted', chat_id: 'c', message_ids: [] },
    { type: 'snapshot', messages: [] },
  ]) {
    const { outdated, tell } = begun();
    tell(frame);
    assert.equal(outdated.all, true);
  }
});
