import assert from 'node:assert/strict';
import test from 'node:test';
import { changeCounts, checkOf, exactPattern, wordsFor } from '../../static/js/ui/wording.js';

test('it believes the counts of the result', () => {
  const write = { name: 'write_file', args: { path: 'a', content: 'x\n' } };
  assert.deepEqual(changeCounts(write), { added: 1, removed: 0 });
  assert.deepEqual(changeCounts(write, 'Edited a: +1 -7.'), { added: 1, removed: 7 });
  assert.deepEqual(changeCounts({ name: 'apply_patch', args: {} }, 'Edited a: +1 -1.\nCreated b: +1 -0.'), { added: 2, removed: 1 });
});

test('it names a check as one would type it', () => {
  assert.equal(checkOf({ command: ['ruff', 'check', '&&', 'mypy', 'a b'] }), "ruff check && mypy 'a b'");
  assert.equal(checkOf({ command: ['sh', '-c', 'make x'], label: 'make x' }), 'make x');
  assert.equal(wordsFor({ name: 'check', args: {} }, 'running').target, 'the project’s check');
  assert.equal(exactPattern({ name: 'check', args: { command: ['make', 'check'] } }), 'make check');
});
