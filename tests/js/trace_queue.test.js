import assert from 'node:assert/strict';
import test from 'node:test';
import { clock } from '../../static/js/ui/format.js';
import { boundsOf, turnGaps } from '../../static/js/traces/timing.js';

const START = Date.parse('2026-01-02T03:04:05Z');
const turn = (queue_ms, loaded = 'all') => ({
  loaded,
  gaps: [],
  status: 'complete',
  queue_ms,
  started_at: new Date(START).toISOString(),
  finished_at: new Date(START + 4_000).toISOString(),
  stepMap: new Map([['s', { started: START, duration_ms: 4_000, status: 'ok' }]]),
  callMap: new Map(),
  lastStep: { started: START, duration_ms: 4_000 },
});

test('a long time in the queue leaves the width to the work', () => {
  for (const loaded of ['all', 'none']) {
    assert.deepEqual(turnGaps(turn(60_000, loaded), START), [[START - 60_000, START]], loaded);
    assert.deepEqual(turnGaps(turn(500, loaded), START), [], loaded);
    assert.deepEqual(turnGaps(turn(0, loaded), START), [], loaded);
  }
  assert.equal(boundsOf(turn(60_000), START)[0], START - 60_000);
});

test('it tells the time of day, and the day where it is another one', () => {
  assert.match(clock(Date.now()), /^\d{1,2}:\d\d:\d\d/);
  assert.match(clock('2020-05-06T07:08:09Z'), /,.*:\d\d:\d\d/);
  assert.equal(clock(null), '');
});
