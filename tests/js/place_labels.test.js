/** The places of the timeline, in words. */
import assert from 'node:assert/strict';
import test from 'node:test';
import {
  buildOf,
  factsOf,
  leftOutOf,
  nameOf,
  timeOf,
  toolsOf,
  troublesOf,
} from '../../static/js/timeline/place_labels.js';

const turn = {
  kind: 'turn',
  title: 'Fix the bug',
  status: 'complete',
  model: 'openai:x',
  tools: { edit_file: 1, run_command: 2 },
  build: 'green',
  tokens: { prompt: 900, completion: 100, cache: null, reasoning: null },
  cost_usd: 0.5,
  unpriced_steps: 0,
  interruptions: 0,
};
const restore = { kind: 'restore', of: 'turn', scope: 'both', title: 'Fix the bug', paths: [] };

test('it names a turn by its first words, and other places by what they are', () => {
  assert.equal(nameOf(turn), 'Fix the bug');
  assert.equal(nameOf({ kind: 'start' }), 'The beginning');
  assert.equal(nameOf({ kind: 'undo' }), 'Before the restore');
});

test('it says of a restore what was taken back to where', () => {
  assert.equal(nameOf(restore), 'Restored to “Fix the bug”');
  assert.equal(nameOf({ ...restore, of: 'start', title: '' }), 'Restored to the beginning');
  assert.equal(nameOf({ ...restore, scope: 'files' }), 'Restored the files of “Fix the bug”');
  assert.equal(nameOf({ ...restore, scope: 'files', paths: ['a.py'] }), 'Restored a.py');
  assert.equal(nameOf({ ...restore, of: 'undo', title: '' }), 'Restore undone');
});

test('it tells calls, tokens and cost', () => {
  assert.deepEqual(factsOf(turn), ['3 tool calls', '1,000 tokens', '$0.50']);
  assert.equal(factsOf({ ...turn, compactions: 1 })[0], 'compacted');
  assert.equal(toolsOf(turn), 'run_command × 2, edit_file');
});

test('it never makes an unknown price a zero', () => {
  assert.ok(factsOf({ ...turn, cost_usd: null, unpriced_steps: 2 }).includes('cost unknown'));
  assert.ok(factsOf({ ...turn, unpriced_steps: 1 }).includes('at least $0.50'));
  assert.ok(factsOf({ ...turn, model: 'scripted:demo', cost_usd: null, unpriced_steps: 2 }).includes('no cost'));
});

test('it tells how a turn ended that did not end well, and its restarts', () => {
  assert.deepEqual(troublesOf(turn), []);
  assert.deepEqual(troublesOf({ ...turn, status: 'failed', interruptions: 1 }), ['1 restart', 'failed']);
});

test('it says nothing of a build where nothing was checked', () => {
  assert.equal(buildOf(turn), 'Build passed');
  assert.equal(buildOf({ ...turn, build: 'unchecked' }), '');
  assert.equal(buildOf({ ...turn, build: null }), '');
});

test('it names the day only where it is another one', () => {
  const noon = new Date(2026, 4, 3, 12, 0);
  assert.equal(timeOf(noon.toISOString(), new Date(2026, 4, 3, 20, 0)).includes(','), false);
  assert.equal(timeOf(noon.toISOString(), new Date(2026, 4, 4, 20, 0)).includes(','), true);
});

test('it says what a place does not hold, each with its reason', () => {
  const large = { path: 'film.mp4', reason: 'large' };
  const folders = ['a', 'b', 'c', 'd', 'e', 'f'].map((path) => ({ path: `${path}/`, reason: 'made anew' }));
  assert.equal(leftOutOf({}), '');
  assert.equal(leftOutOf({ left_out: [large, folders[0]], left_out_count: 2 }), 'film.mp4 (large); a/ (made anew)');
  assert.equal(
    leftOutOf({ left_out: [large, ...folders], left_out_count: 9 }),
    'film.mp4 (large); a/, b/, c/, d/, e/ (made anew); 3 more',
  );
});
