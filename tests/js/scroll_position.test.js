/** Which turn of a long conversation is being read. */
import assert from 'node:assert/strict';
import test from 'node:test';
import { sectionInView } from '../../static/js/timeline/scroll_position.js';

const reader = { clientHeight: 600, getBoundingClientRect: () => ({ top: 0 }) };

function turns(count, scrolled) {
  let looks = 0;
  const sections = Array.from({ length: count }, (_, index) => ({
    index,
    getBoundingClientRect: () => ({ top: ++looks && index * 100 - scrolled }),
  }));
  return { sections, looks: () => looks };
}

test('it is the last one that begins above the middle', () => {
  assert.equal(sectionInView(reader, turns(1000, 5000).sections).index, 53);
  assert.equal(sectionInView(reader, turns(1000, 99_000).sections).index, 993);
});

test('it is the first one where all begin below', () => {
  assert.equal(sectionInView(reader, turns(3, -1000).sections).index, 0);
  assert.equal(sectionInView(reader, []), null);
});

test('it looks at a few of a thousand', () => {
  const { sections, looks } = turns(1000, 5000);
  sectionInView(reader, sections);
  assert.ok(looks() <= 11);
});
