import assert from 'node:assert/strict';
import test from 'node:test';
import { endingOf } from '../../static/js/ui/chat/step_ending.js';

const step = (finish_reason, fields = {}) => ({
  status: 'complete',
  content: 'Words.',
  tool_calls: [],
  ...fields,
  metadata: { finish_reason, ...fields.metadata },
});
const CALLS = { tool_calls: [{ id: 'c1' }], content: '' };

test('nothing is said of an answer that is whole', () => {
  for (const reason of ['stop', 'end_turn', null, undefined, 'a word of some provider'])
    assert.equal(endingOf(step(reason)), null);
  for (const reason of ['tool_calls', 'tool_use', 'stop', null]) assert.equal(endingOf(step(reason, CALLS)), null);
  for (const status of ['streaming', 'failed', 'cancelled', 'interrupted'])
    assert.equal(endingOf(step('length', { status, content: '' })), null);
});

test('it says what cut an answer off, and what one can do', () => {
  for (const reason of ['length', 'max_tokens', 'MAX_TOKENS']) {
    assert.match(endingOf(step(reason)).words, /Cut off: the model’s output limit/);
    assert.equal(endingOf(step(reason)).action, 'Continue');
    assert.equal(endingOf(step(reason, { content: '' })).action, 'Continue');
    assert.equal(endingOf(step(reason, CALLS)).action, '');
  }
  assert.match(endingOf(step('content_filter')).words, /refused/);
  assert.match(endingOf(step('error')).words, /error/);
  assert.match(endingOf(step('tool_calls')).words, /named none/);
});

test('an answer that says nothing is no good one', () => {
  for (const content of ['', ' \n'])
    assert.deepEqual(endingOf(step('stop', { content })), {
      words: 'The model answered nothing.',
      action: 'Ask again',
    });
  assert.match(endingOf(step('stop', { content: '', metadata: { reasoning: 'hm' } })).words, /only thought/);
});
