/** The places of the timeline, in words. */
import assert from 'node:assert/strict';
import test from 'node:test';
import { factsOf, nameOf, previewOf } from '../../static/js/timeline/entry.js';

const turn = {
  kind: 'turn', title: 'Fix the bug', status: 'complete', model: 'openai:x', tools: { edit_file: 1, run_command: 2 },
  tokens: { prompt: 900, completion: 100, cache: null, reasoning: null }, cost_usd: 0.5, unpriced_steps: 0, interruptions: 0,
  files: { changed: 1, added: 1, removed: 1, note: null },
};

test('it names a turn by its first words, and other places by what they are', () => {
  assert.equal(nameOf(turn), 'Fix the bug');
  assert.equal(nameOf({ kind: 'start' }), 'The beginning');
  assert.equal(nameOf({ kind: 'undo' }), 'Before the restore');
});

test('it tells calls, files, tokens and cost', () => {
  assert.deepEqual(factsOf(turn), ['3 tool calls', '1 file', '1,000 tokens', '$0.50']);
});

test('it never makes an unknown price a zero', () => {
  assert.ok(factsOf({ ...turn, cost_usd: null, unpriced_steps: 2 }).includes('cost unknown'));
  assert.ok(factsOf({ ...turn, unpriced_steps: 1 }).includes('at least $0.50'));
  assert.ok(factsOf({ ...turn, model: 'scripted:demo', cost_usd: null, unpriced_steps: 2 }).includes('no cost'));
});

test('it tells how a turn ended that did not end well, and its restarts', () => {
  assert.deepEqual(factsOf({ ...turn, status: 'failed', interruptions: 1 }).slice(-2), ['1 restart', 'failed']);
});

test('its preview names the tools', () => {
  assert.match(previewOf(turn), /edit_file, run_command × 2/);
});
