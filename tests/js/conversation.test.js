import assert from 'node:assert/strict';
import test from 'node:test';
import { durationOf, turnsOf, usageOf } from '../../static/js/ui/chat/conversation.js';

const user = (id, turn_id) => ({ id, turn_id, chat_id: 'c', role: 'user', status: 'complete' });
const step = (id, turn_id, fields = {}) => ({
  id,
  turn_id,
  chat_id: 'c',
  role: 'assistant',
  status: 'complete',
  tool_calls: null,
  ...fields,
});
const working = { tool_calls: [{ id: 'x' }] };
const shape = (messages) =>
  turnsOf(messages, 'c').map((turn) => [turn.asked?.id ?? null, ...turn.steps.map((one) => one.id)].join(' '));
const ended = (messages, endedId) => turnsOf(messages, 'c', endedId).map((turn) => turn.ended);

test('it keeps the steps of a turn together when the next message came in the middle', () => {
  assert.deepEqual(shape([user('1', 'A'), step('2', 'A', working), user('3', 'B'), step('4', 'A'), step('5', 'B')]), [
    '1 2 4',
    '3 5',
  ]);
});

test('it leaves a message alone that was called off while it waited', () => {
  const messages = [
    user('1', 'A'),
    step('2', 'A', working),
    user('3', 'B'),
    step('4', 'A', { status: 'cancelled' }),
    user('5', 'C'),
    step('6', 'C'),
  ];
  assert.deepEqual(shape(messages), ['1 2 4', '3', '5 6']);
});

test('it begins a new turn after one that was stopped while a tool ran', () => {
  const messages = [user('1', 'A'), step('2', 'A', working), user('3', 'B'), step('4', 'B')];
  assert.deepEqual(shape(messages), ['1 2', '3 4']);
  assert.deepEqual(ended(messages.slice(0, 2)), [false]);
  assert.deepEqual(ended(messages.slice(0, 3), 'A'), [true, false]);
  assert.deepEqual(ended(messages), [true, true]);
});

test('it does not end a turn after its last answer while its check runs', () => {
  const messages = [user('1', 'A'), step('2', 'A'), user('3', 'B'), step('4', 'B')];
  assert.deepEqual(
    turnsOf(messages, 'c', null, 'B').map((turn) => turn.ended),
    [true, false],
  );
});

test('it goes on with a turn that a restart cut', () => {
  assert.deepEqual(shape([user('1', 'A'), step('2', 'A', { status: 'interrupted' }), step('3', 'A')]), ['1 2 3']);
});

test('it leaves other chats and tool messages out', () => {
  assert.deepEqual(
    shape([user('1', 'A'), { ...user('2', 'B'), chat_id: 'd' }, { ...step('3', 'A'), role: 'tool' }, step('4', 'A')]),
    ['1 4'],
  );
});

test('it puts a note that belongs to no turn where it was said', () => {
  assert.deepEqual(shape([user('1', 'A'), step('2', 'A'), { ...step('3', null), role: 'system' }, user('4', 'B')]), [
    '1 2 3',
    '4',
  ]);
});

test('it sums what is known and says of how many answers it is not', () => {
  const finished_at = '2026-01-01T00:00:00Z';
  const answers = [
    step('1', 'A', { finished_at, tokens_used: 5, metadata: { cost_usd: 0.5 } }),
    step('2', 'A', { finished_at, tokens_used: null, metadata: {} }),
  ];
  assert.deepEqual(usageOf(answers), {
    answers: 2,
    tokens: { known: 5, unknown: 1 },
    cost: { known: 0.5, unknown: 1 },
  });
  assert.deepEqual(usageOf([step('1', 'A', { finished_at, model: 'scripted:demo' })]).cost, { known: 0, unknown: 0 });
});

test('a turn lasts until the last thing that was done, and that may be its check', () => {
  const at = (s) => `2026-01-01T00:00:0${s}Z`;
  const turn = {
    steps: [
      step('1', 'A', { started_at: at(0), finished_at: at(1) }),
      step('2', 'A', { started_at: at(3), finished_at: at(4) }),
    ],
  };
  assert.equal(durationOf(turn, [{ created_at: at(2) }]), 4_000);
  assert.equal(durationOf(turn, [{ created_at: at(2) }], [{ finished_at: at(1) }, { finished_at: at(6) }]), 6_000);
  assert.equal(durationOf(turn, [], [{ finished_at: null }]), 4_000);
});
