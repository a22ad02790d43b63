import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Axis, gapsOf, merged, roundStep } from '../../static/js/traces/list/axis.js';

const HOUR = 3_600_000;
const near = (one, other) => assert.ok(Math.abs(one - other) < 1e-9, `${one} is not ${other}`);

test('it keeps proportions', () => {
  const axis = new Axis(100, 500);
  near(axis.at(200) - axis.at(100), 0.25);
  near(axis.at(250), 0.375);
  assert.deepEqual([axis.at(0), axis.at(999)], [0, 1]);
});

test('it compresses a long gap and leaves the rest to what happened', () => {
  const gaps = gapsOf([
    [0, 1000],
    [HOUR, HOUR + 1000],
  ]);
  assert.deepEqual(gaps, [[1000, HOUR]]);
  const axis = new Axis(0, HOUR + 1000, gaps);
  near(axis.at(1000), 0.48);
  near(axis.at(HOUR), 0.52);
  near(axis.timeAt(0.24), 500);
});

test('it gives gaps half of the width at most', () => {
  const spans = Array.from({ length: 100 }, (_, n) => [n * HOUR, n * HOUR + 10]);
  const axis = new Axis(0, 99 * HOUR + 10, gapsOf(spans));
  const width = axis.gaps.reduce((sum, [start, end]) => sum + axis.at(end) - axis.at(start), 0);
  near(width, 0.5);
});

test('it joins what overlaps, and takes a short pause for none', () => {
  assert.deepEqual(
    merged([
      [5, 9],
      [0, 6],
      [20, 21],
    ]),
    [
      [0, 9],
      [20, 21],
    ],
  );
  assert.deepEqual(
    gapsOf([
      [0, 10],
      [1900, 2000],
    ]),
    [],
  );
});

test('it marks round times outside of gaps, finer where it is zoomed', () => {
  const axis = new Axis(0, HOUR + 10_000, [[5000, HOUR]]);
  const marks = axis.ticks([0, 1], 6);
  assert.ok(marks.length <= 20);
  assert.ok(
    marks.every(({ ms }) => ms <= 5000 || ms >= HOUR),
    JSON.stringify(marks),
  );
  assert.deepEqual(
    new Axis(0, 10_000).ticks([0, 1], 5).map(({ ms }) => ms),
    [0, 2000, 4000, 6000, 8000, 10_000],
  );
  assert.deepEqual(
    new Axis(0, 10_000).ticks([0.5, 0.6], 5).map(({ ms }) => ms),
    [5000, 5200, 5400, 5600, 5800, 6000],
  );
  assert.equal(roundStep(70_000), 120_000);
});

test('it stands no time at all', () => {
  assert.deepEqual(new Axis(5, 5).ticks([0, 1], 5), [{ place: 0, ms: 0 }]);
});
