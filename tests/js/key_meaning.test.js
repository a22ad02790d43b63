/** Letters write: they decide nothing unless the person went to the question, and no letter is a command of the page. */
import assert from 'node:assert/strict';
import test from 'node:test';
import { isLeader, meaningOf, SETTLE_MS } from '../../static/js/ui/shell/key_meaning.js';

const LETTERS = [
  ...'abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789/?.,;[]+-=éßжあ',
  '😀',
  'Dead',
  'Process',
];

for (const [name, focus] of Object.entries({
  'on the page': {},
  'on a button': { acts: true },
  'in a question that just came': { askedMs: SETTLE_MS - 1 },
}))
  test(`every letter ${name} is written`, () => {
    for (const key of LETTERS) assert.equal(meaningOf({ key }, { writes: false, ...focus }), 'write', key);
  });

test('only three letters answer, in a question that the person could read', () => {
  const answers = LETTERS.filter((key) => meaningOf({ key }, { writes: false, askedMs: SETTLE_MS }) === 'answer');
  assert.deepEqual(answers, ['a', 'd', 'A']);
  assert.equal(meaningOf({ key: 'a', repeat: true }, { writes: false, askedMs: SETTLE_MS }), 'none');
});

test('nothing is taken from a field, a dialog, or from the browser', () => {
  for (const key of LETTERS) {
    assert.equal(meaningOf({ key }, { writes: true, askedMs: 9_999 }), 'none');
    for (const modifier of ['ctrlKey', 'metaKey', 'altKey'])
      assert.equal(
        meaningOf({ key, [modifier]: true }, { writes: false, askedMs: 9_999 }),
        'none',
        `${modifier} ${key}`,
      );
  }
  for (const key of ['Enter', 'Tab', 'Escape', 'ArrowUp', 'End', 'F5', 'PageDown'])
    assert.equal(meaningOf({ key }, { writes: false, askedMs: 9_999 }), 'none', key);
});

test('a letter that needs AltGr is a letter', () => {
  const pressed = { key: '@', ctrlKey: true, altKey: true, altGraph: true };
  assert.equal(meaningOf(pressed, { writes: false }), 'write');
});

test('the space bar presses what has the focus and scrolls the page, and answers no question', () => {
  assert.equal(meaningOf({ key: ' ' }, { writes: false }), 'none');
  assert.equal(meaningOf({ key: ' ' }, { writes: false, acts: true, askedMs: 9_999 }), 'none');
  assert.equal(meaningOf({ key: ' ' }, { writes: false, askedMs: 9_999 }), 'write');
});

test('a command begins with two keys at once', () => {
  assert.ok(isLeader({ key: ',', ctrlKey: true }));
  assert.ok(!isLeader({ key: ',' }));
  assert.ok(!isLeader({ key: ',', ctrlKey: true, metaKey: true }));
});
