import assert from 'node:assert/strict';
import test from 'node:test';
import './labels.js';
import { changesOf, countLines } from '../../static/js/diff/call_changes.js';
import { parseUnified } from '../../static/js/diff/unified.js';
import {
  exactPattern,
  fitsOnLine,
  outcomeOf,
  ruleName,
  targetText,
  unrunReason,
  withoutTarget,
  wordsFor,
} from '../../static/js/ui/tool_labels.js';

const line = (call, status = 'ok') => {
  const { verb, target, detail } = wordsFor(call, status);
  return [verb, target, detail].filter(Boolean).join(' ');
};

test('it names calls by what they do', () => {
  assert.equal(line({ name: 'read_file', args: { path: 'src/app.ts', offset: 1, limit: 80 } }), 'Read src/app.ts 1–80');
  assert.equal(line({ name: 'list_files', args: {} }), 'Listed the project’s files');
  assert.equal(
    line({ name: 'search_files', args: { pattern: 'a.*b', path: 'src' } }, 'running'),
    'Searching for a.*b in src',
  );
  assert.equal(line({ name: 'run_command', args: { command: ['npm', 'test', 'a b'] } }, 'error'), "Ran npm test 'a b'");
  assert.equal(
    line({ name: 'check', args: { command: ['npm', 'test'], attempt: 1 } }, 'error'),
    'Checked with npm test',
  );
  assert.equal(
    line({ name: 'run_command', args: { command: ['npm', 'start'], background: true } }),
    'Ran npm start in the background',
  );
  assert.equal(line({ name: 'background', args: {} }), 'Looked at what runs in the background');
  assert.equal(line({ name: 'background', args: { id: 'bg1', stop: true } }), 'Stopped bg1');
  assert.equal(line({ name: 'edit_file', args: { path: 'x' } }, 'denied'), 'Wanted to edit x');
  assert.equal(line({ name: 'edit_file', args: { path: 'x' } }, 'pending'), 'Will edit x');
});

test('it says of a call that never began what it would have done', () => {
  const words = (name, args) => line({ name, args }, 'unrun');
  assert.equal(words('run_command', { command: ['rm', '-rf', 'build/'] }), 'Not run: rm -rf build/');
  assert.equal(words('edit_file', { path: 'app.py' }), 'Not run: edit app.py');
  assert.equal(words('teleport', {}), 'Not run: use teleport');
  assert.equal(unrunReason('Stopped by the person.', 'complete'), 'you stopped');
  assert.equal(unrunReason(null, 'cancelled'), 'you stopped');
  assert.equal(unrunReason(null, 'interrupted'), 'the server was restarted');
  assert.equal(unrunReason('The model does not answer.', 'complete'), 'the turn ended');
});

test('it says once what a command is', () => {
  const call = (...command) => ({ name: 'run_command', args: { command } });
  const short = call('git', 'commit', '-m', 'two words');
  assert.ok(fitsOnLine(short));
  assert.ok(!fitsOnLine(call('python3', '-c', 'one\ntwo')));
  assert.ok(!fitsOnLine(call('echo', 'x'.repeat(200))));
  assert.equal(
    withoutTarget("git commit -m 'two words' is not on the list of commands that only read.", short),
    'This is not on the list of commands that only read.',
  );
  assert.equal(withoutTarget('A rule asks.', short), 'A rule asks.');
  const quoting = call('python3', '-c', "print('a b')");
  assert.equal(targetText(quoting), `python3 -c "print('a b')"`);
  assert.equal(targetText(call('echo', `it's "it"`)), `echo 'it'\\''s "it"'`);
  assert.equal(
    withoutTarget(`python3 -c 'print('"'"'a b'"'"')' is not on the list.`, quoting),
    'This is not on the list.',
  );
});

test('it copes with what is no tool of ours or no JSON', () => {
  assert.equal(line({ name: 'constructor', args: {} }), 'Used constructor');
  assert.equal(line({ name: 'teleport', args: '{"where": 1}' }), 'Used teleport');
  assert.equal(line({ name: 'run_command', args: 'rm -rf \u202e/' }), 'Ran rm -rf ⟨U+202E⟩/');
  assert.equal(line({ name: 'read_file', args: null }), 'Read');
});

test('it says how a command ended', () => {
  const call = { name: 'run_command', args: {} };
  assert.equal(outcomeOf(call, { status: 'ok', exit_code: 0 }, null), 'exit 0');
  assert.equal(outcomeOf(call, { status: 'error', exit_code: 2 }, 'x'), 'exit 2');
  assert.equal(outcomeOf(call, { status: 'interrupted' }, null), 'interrupted; it may have run');
  assert.equal(outcomeOf(call, null, 'no such program'), 'failed');
});

test('it counts what an edit changes', () => {
  const lines = changesOf({ name: 'edit_file', args: { edits: [{ old: 'a\nb\nc', new: 'a\nB\nB2\nc' }] } });
  assert.deepEqual(countLines(lines), { added: 2, removed: 1 });
  assert.deepEqual(
    lines.map((one) => one.kind),
    ['same', 'del', 'add', 'add', 'same'],
  );
  assert.deepEqual(changesOf({ name: 'write_file', args: { content: 'x\n' } }), [{ kind: 'add', text: 'x' }]);
});

const PATCH =
  'diff --git a/x b/x\n--- a/src/a.py\n+++ b/src/a.py\n@@ -1,3 +1,3 @@\n-old\n+new\n\n same\n--- /dev/null\n+++ b/made.py\n@@ -0,0 +1 @@\n+x\n\\ No newline at end of file\n--- a/gone.py\n+++ /dev/null\n@@ -1 +0,0 @@\n-y\n';

test('it reads a patch', () => {
  assert.deepEqual(
    parseUnified(PATCH).map(({ path }) => path),
    ['src/a.py', 'made.py', 'gone.py'],
  );
  const call = { name: 'apply_patch', args: { patch: PATCH } };
  assert.equal(line(call), 'Patched src/a.py, made.py, gone.py');
  assert.equal(line({ name: 'apply_patch', args: { paths: ['a', 'b'] } }), 'Patched a, b');
  assert.deepEqual(countLines(changesOf(call)), { added: 2, removed: 2 });
  assert.deepEqual(
    changesOf(call)
      .slice(0, 6)
      .map(({ kind, text }) => `${kind} ${text}`),
    ['place src/a.py', 'place @@ -1,3 +1,3 @@', 'del old', 'add new', 'same ', 'same same'],
  );
  assert.deepEqual(changesOf({ name: 'apply_patch', args: 'no patch' }), []);
  assert.deepEqual(changesOf({ name: 'read_file', args: {} }), []);
});

test('it writes the rule that fits one call only', () => {
  assert.equal(exactPattern({ name: 'run_command', args: { command: ['ls', '-a b', '*.py'] } }), "ls '-a b' '[*].py'");
  assert.equal(exactPattern({ name: 'write_file', args: { path: 'src/a.py' } }), 'src/a.py');
  assert.equal(exactPattern({ name: 'move_file', args: { path: 'a', to: 'b' } }), '');
  assert.equal(exactPattern({ name: 'apply_patch', args: { patch: '…' } }), '');
  assert.equal(exactPattern({ name: 'run_command', args: 'no list' }), '');
});

test('it calls a tool in a list of rules as the server says', () => {
  assert.deepEqual(['*', 'run_command', 'edit_file', 'teleport'].map(ruleName), [
    'every tool',
    'command',
    'edit_file',
    'teleport',
  ]);
});
