import assert from 'node:assert/strict';
import test from 'node:test';
import './labels.js';
import { changeCounts } from '../../static/js/diff/call_changes.js';
import { knownErrors } from '../../static/js/ui/chat/build_result.js';
import { durationWords } from '../../static/js/ui/format.js';
import { exactPattern, targetText, wordsFor } from '../../static/js/ui/tool_labels.js';

test('it believes the counts of the result', () => {
  const write = { name: 'write_file', args: { path: 'a', content: 'x\n' } };
  assert.deepEqual(changeCounts(write), { added: 1, removed: 0 });
  assert.deepEqual(changeCounts(write, 'Edited a: +1 -7.'), { added: 1, removed: 7 });
  assert.deepEqual(changeCounts({ name: 'apply_patch', args: {} }, 'Edited a: +1 -1.\nCreated b: +1 -0.'), {
    added: 2,
    removed: 1,
  });
});

test('it names a check as one would type it', () => {
  assert.equal(
    targetText({ name: 'check', args: { command: ['ruff', 'check', '&&', 'mypy', 'a b'] } }),
    "ruff check && mypy 'a b'",
  );
  assert.equal(targetText({ name: 'check', args: { command: ['sh', '-c', 'make x'], label: 'make x' } }), 'make x');
  assert.equal(wordsFor({ name: 'check', args: {} }, 'running').target, 'the project’s check');
  assert.equal(exactPattern({ name: 'check', args: { command: ['make', 'check'] } }), 'make check');
});

test('it tells errors that were there before from new ones', () => {
  const passed = { status: 'passed', old: 6 };
  assert.equal(knownErrors(passed, { isFirst: false, isLast: true }), '6 known errors, none new');
  assert.equal(knownErrors(passed, { isFirst: true, isLast: false }), 'known errors');
  assert.equal(knownErrors(passed, { isFirst: false, isLast: false }), '');
  assert.equal(knownErrors({ status: 'failed', old: 6 }, { isFirst: false, isLast: true }), '');
  assert.equal(knownErrors({ status: 'passed', old: 0 }, { isFirst: false, isLast: true }), '');
  assert.equal(knownErrors(undefined, { isFirst: false, isLast: true }), '');
});

test('it takes what a turn waited for the person out of its time', () => {
  assert.equal(durationWords(56_800, 49_700), '7.1 s, waited 49.7 s for you');
  assert.equal(durationWords(7_100, 0), '7.1 s');
  assert.equal(durationWords(7_100, 900), '7.1 s');
  assert.equal(durationWords(null, 5_000), '');
});
