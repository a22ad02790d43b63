import assert from 'node:assert/strict';
import test from 'node:test';
import { lastLine, oneLine, terminalText, visible } from '../../static/js/ui/plain_text.js';

test('it takes terminal escapes away, hyperlinks and titles included', () => {
  assert.equal(
    visible('\x1b[1;31mred\x1b[0m \x1b]8;;https://evil.example\x07link\x1b]8;;\x1b\\ \x9b2Jgone'),
    'red link gone',
  );
});

test('it shows what would turn the reading order or hide', () => {
  assert.equal(visible('a\u202eb\u200bc\u{e0041}'), 'a⟨U+202E⟩b⟨U+200B⟩c⟨U+E0041⟩');
});

test('it leaves joined emoji and other scripts alone', () => {
  assert.equal(visible('👩‍💻 שלום مرحبا'), '👩‍💻 שלום مرحبا');
});

test('it shows the last state of a line that was drawn over itself', () => {
  assert.equal(terminalText('10%\r50%\r100%\r\nnext\r'), '100%\nnext');
});

test('it finds the last line that a program said', () => {
  assert.equal(lastLine('ok\nFAILED (failures=2)\n\n[Exit status 1.]\n'), 'FAILED (failures=2)');
  assert.equal(lastLine('[Exit status 1.]'), '[Exit status 1.]');
  assert.equal(lastLine(''), '');
});

test('it makes one line of anything', () => {
  assert.equal(oneLine({ a: [1] }), '{"a":[1]}');
  assert.equal(oneLine('a\n\tb'), 'a b');
  assert.equal(oneLine('x'.repeat(200), 10), `${'x'.repeat(9)}…`);
  assert.equal(oneLine(undefined), '');
});
