import assert from 'node:assert/strict';
import test from 'node:test';
import { CONTRACT } from '../../static/js/stream/contract.js';
import { apply, initial, toSnapshot } from '../../static/js/stream/reducer.js';
import { event, goldenFrames, snapshot } from './frames.js';

const session = { id: 's1', chats: [{ id: 'c1', name: 'first', status: 'idle' }] };

function after(...frames) {
  const state = initial(session);
  frames.forEach((frame, n) => apply(state, event(n, n + 1, frame)));
  return state;
}

const golden = goldenFrames();
const SILENT = new Set([
  'resumed',
  'heartbeat',
  'session_created',
  'session_renamed',
  'session_deleted',
  'alive',
  'reconnect',
  'ack',
]);

for (const name of Object.keys(CONTRACT.frames).filter((frame) => !SILENT.has(frame) && !frame.includes('/'))) {
  test(`it shows what ${name} says`, () => {
    const state = initial(session);
    const ids = golden[name].map((frame) => frame.message_id ?? frame.message_ids?.[0]).filter(Boolean);
    for (const id of ids)
      if (name !== 'message_started')
        apply(state, { type: 'message_started', message_id: id, chat_id: 'c1', role: 'user' });
    const changes = apply(state, golden[name][0]);
    const touched = Object.values(changes).some((value) => (value instanceof Set ? value.size > 0 : Boolean(value)));
    assert.ok(touched, JSON.stringify(golden[name][0]));
  });
}

test('it knows the chats that it was given', () => {
  const chat = initial(session).chats.get('c1');
  assert.deepEqual([chat.name, chat.status, chat.usage, chat.snapshot], ['first', 'idle', null, null]);
});

test('it follows a chat’s name, status, usage, snapshot and compaction', () => {
  const chat = after(
    { type: 'chat_renamed', chat_id: 'c1', name: 'better' },
    { type: 'agent_status_updated', chat_id: 'c1', status: 'running' },
    { type: 'usage', chat_id: 'c1', completion_tokens: 5, ctx_used: 50 },
    { type: 'agent_snapshot', chat_id: 'c1', snapshot: { turn: 2 } },
    { type: 'compacted', session_id: 's1', chat_id: 'c1', before_tokens: 9, after_tokens: 3 },
  ).chats.get('c1');
  assert.deepEqual([chat.name, chat.status, chat.snapshot], ['better', 'running', { turn: 2 }]);
  assert.deepEqual(chat.usage, { completion_tokens: 5, ctx_used: 50, ctx_max: null });
  assert.deepEqual(chat.compaction, { before_tokens: 9, after_tokens: 3 });
});

test('it learns of chats that are new', () => {
  const state = after({ type: 'chat_created', chat_id: 'c2', name: 'second', model: 'scripted:demo', agent: 'build' });
  assert.deepEqual([...state.chats.keys()], ['c1', 'c2']);
  assert.equal(state.chats.get('c2').status, 'idle');
});

test('it follows a trace from its start to its end, and finds it by call', () => {
  const trace = { id: 't1', tool_call_id: 'x', tool: 'run_command', status: 'running', input: { argv: ['ls'] } };
  const state = after(
    { type: 'tool_trace_start', chat_id: 'c1', message_id: 'm1', trace },
    { type: 'tool_output', chat_id: 'c1', tool_call_id: 'x', chunk: 'a' },
    { type: 'tool_output', chat_id: 'c1', tool_call_id: 'x', chunk: 'b' },
  );
  assert.equal(state.outputs.get('x'), 'ab');
  apply(
    state,
    event(3, 4, {
      type: 'tool_trace_finish',
      chat_id: 'c1',
      message_id: 'm1',
      trace: { id: 't1', tool_call_id: 'x', status: 'error', exit_code: 2 },
    }),
  );
  assert.deepEqual(state.traces.get(state.traceByCall.get('x')), { ...trace, status: 'error', exit_code: 2 });
  assert.equal(state.outputs.size, 0, 'what it said is in its result now');
});

test('it goes on with the output that a running command had when the client came', () => {
  const state = initial(session);
  apply(
    state,
    snapshot({ ord: 4, traces: [{ id: 't1', tool_call_id: 'x', status: 'running' }], outputs: { x: 'so far, ' } }),
  );
  apply(state, event(4, 5, { type: 'tool_output', chat_id: 'c1', tool_call_id: 'x', chunk: 'and on' }));
  assert.equal(state.outputs.get('x'), 'so far, and on');
});

test('it forgets the traces of messages that are taken back', () => {
  const trace = (id, message_id) => ({
    type: 'tool_trace_start',
    chat_id: 'c1',
    message_id,
    trace: { id, message_id, tool_call_id: `call_${id}`, status: 'ok' },
  });
  const state = after(trace('t1', 'm1'), trace('t2', 'm2'), {
    type: 'messages_deleted',
    message_ids: ['m1'],
    chat_id: 'c1',
  });
  assert.deepEqual([[...state.traces.keys()], [...state.traceByCall.keys()]], [['t2'], ['call_t2']]);
});

test('it keeps what was asked and what was decided', () => {
  const asked = {
    type: 'approval_requested',
    chat_id: 'c1',
    trace_id: 't1',
    tool: 'run_command',
    input: { argv: ['rm'] },
  };
  assert.equal(after(asked).approvals.get('t1').decision, null);
  const { tool, decision, by } = after(asked, {
    type: 'approval_resolved',
    chat_id: 'c1',
    trace_id: 't1',
    decision: 'deny',
    by: 'alice',
  }).approvals.get('t1');
  assert.deepEqual([tool, decision, by], ['run_command', 'deny', 'alice']);
});

test('it lists the attempts of the last build check', () => {
  const build = (attempt, status) => ({
    type: 'build_result',
    chat_id: 'c1',
    attempt,
    status,
    command: 'make',
    errors: [],
  });
  const results = after(
    build(1, 'failed'),
    build(2, 'passed'),
    build(1, 'failed'),
    build(2, 'failed'),
    build(3, 'passed'),
  ).builds.get('c1');
  assert.deepEqual(
    results.map(({ attempt, status }) => [attempt, status]),
    [
      [1, 'failed'],
      [2, 'failed'],
      [3, 'passed'],
    ],
  );
});

test('it counts the changes of a project’s files', () => {
  const changed = { type: 'workspace_changed', project_id: 'p1', paths: ['a', 'b'] };
  const state = after(changed);
  const changes = apply(state, event(9, 10, changed));
  assert.equal(state.workspace.get('p1'), 2);
  assert.deepEqual([...changes.paths], ['a', 'b']);
});

test('it keeps flows with their steps and battles with their contestants', () => {
  const state = after(
    { type: 'flow_run_started', run_id: 'r', chat_id: 'c1', status: 'running' },
    { type: 'flow_run_step_updated', run_id: 'r', chat_id: 'c1', step_id: 'plan', status: 'running' },
    { type: 'flow_run_step_updated', run_id: 'r', chat_id: 'c1', step_id: 'plan', status: 'done' },
    { type: 'battle_started', battle_id: 'b', status: 'running' },
    { type: 'contestant_updated', battle_id: 'b', contestant_id: 'left', score: 1 },
    { type: 'battle_updated', battle_id: 'b', status: 'done' },
  );
  assert.deepEqual([state.flows.get('r').status, state.flows.get('r').steps.plan.status], ['running', 'done']);
  assert.deepEqual([state.battles.get('b').status, state.battles.get('b').contestants.left.score], ['done', 1]);
});

test('it keeps the last 100 errors', () => {
  const frames = Array.from({ length: 120 }, (_, n) => ({ type: 'error', error: `e${n}`, reason: 'x' }));
  const { errors } = after(...frames);
  assert.equal(errors.length, 100);
  assert.deepEqual(errors.at(-1), { error: 'e119', reason: 'x', chat_id: null, message_id: null });
});

test('it replaces chats and traces with those of a snapshot, and drops what may be over', () => {
  const state = after(
    { type: 'usage', chat_id: 'c1', completion_tokens: 5 },
    {
      type: 'tool_trace_start',
      chat_id: 'c1',
      message_id: 'm',
      trace: { id: 't1', tool_call_id: 'x', status: 'running' },
    },
    { type: 'tool_output', chat_id: 'c1', tool_call_id: 'x', chunk: 'a' },
    { type: 'approval_requested', chat_id: 'c1', trace_id: 't1', tool: 'x', input: {} },
  );
  const whole = snapshot({
    heads: { event: 8 },
    ord: 8,
    chats: [{ id: 'c1', name: 'now', model: '', agent: '', status: 'waiting' }],
    traces: [{ id: 't2', tool_call_id: 'y', status: 'ok' }],
    approvals: [],
    outputs: {},
  });
  const changes = apply(state, whole);
  assert.deepEqual([[...state.traces.keys()], [...state.traceByCall.keys()]], [['t2'], ['y']]);
  assert.deepEqual(
    [state.outputs.size, state.approvals.size, state.chats.get('c1').usage.completion_tokens],
    [0, 0, 5],
  );
  assert.deepEqual([...changes.traces], ['t1', 't2']);
  const { type, ...said } = whole;
  assert.deepEqual(toSnapshot(state), said);
});

test('it moves on over a frame of a type that it does not know', () => {
  const state = after({ type: 'skipped' }, { type: 'constructor' });
  assert.deepEqual([state.ord, state.heads.event], [2, 2]);
});
