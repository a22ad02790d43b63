import assert from 'node:assert/strict';
import test from 'node:test';
import { diffLines, linesWithNames, numbered } from '../../static/js/diff/unified.js';

const DIFF = `diff --git a/a.py b/a.py
index 1..2 100644
--- a/a.py
+++ b/a.py
@@ -9,3 +9,4 @@ def f():
 one
-two
+2
+2b
 three
diff --git a/b.py b/b.py
--- a/b.py
+++ b/b.py
@@ -1 +1 @@
-x
+y
`;

test('it numbers lines as the files do', () => {
  const numbers = numbered(linesWithNames(DIFF)).map(({ kind, number }) => [kind, number]);
  assert.deepEqual(numbers, [
    ['place', undefined],
    ['place', undefined],
    ['same', 9],
    ['del', 10],
    ['add', 10],
    ['add', 11],
    ['same', 12],
    ['place', undefined],
    ['place', undefined],
    ['del', 1],
    ['add', 1],
  ]);
  assert.deepEqual(numbered([{ kind: 'add', text: 'x' }]), [{ kind: 'add', text: 'x' }]);
});

test('it knows a diff in what a program said', () => {
  assert.equal(diffLines(DIFF).length, 11);
  assert.equal(diffLines(`[12 files]\n${DIFF}`).length, 11);
  for (const text of ['', 'no diff', '--- a heading\n+++', `Look:\n${DIFF}`, '- a list\n- of things'])
    assert.deepEqual(diffLines(text), [], text);
});
