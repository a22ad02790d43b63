import assert from 'node:assert/strict';
import { test } from 'node:test';
import { bareText, cleanLine, coloured } from '../../static/js/traces/detail/ansi.js';
import { series } from '../../static/js/traces/dashboard/day_sums.js';
import { fromAddress, matches, narrows, question, toAddress, NONE } from '../../static/js/traces/filters.js';

const pieces = (line) => coloured(cleanLine(line)).map(({ text, classes }) => [text, classes]);

test('colours become names of classes', () => {
  assert.deepEqual(pieces('\x1b[1;31mError\x1b[0m: no'), [
    ['Error', 'fg-red bold'],
    [': no', ''],
  ]);
  assert.deepEqual(pieces('\x1b[38;5;46mg\x1b[38;2;250;10;10mr\x1b[48;5;21mb'), [
    ['g', 'fg-green'],
    ['r', 'fg-red'],
    ['b', 'fg-red bg-blue'],
  ]);
});

test('nothing is hidden by colour, and reversed text stays readable', () => {
  assert.deepEqual(pieces('\x1b[8msecret\x1b[0m'), [['secret', '']]);
  assert.deepEqual(pieces('\x1b[7mback\x1b[0m'), [['back', 'bg-black']]);
});

test('all else that a terminal would obey is gone', () => {
  const evil =
    '\x1b]0;title\x07\x1b]8;;https://evil.example\x07link\x1b]8;;\x07\x1b[2J\x1b[10;10H\x1bPq#0\x1b\\ok\x00\x08\x9b5n';
  assert.equal(cleanLine(evil), 'linkok');
  assert.equal(cleanLine('a\u202eb\u200bc\u2028d'), 'a⟨U+202E⟩b⟨U+200B⟩c⏎d');
  assert.equal(bareText(cleanLine('<b>\x1b[32mok\x1b[0m</b>')), '<b>ok</b>');
});

test('of a line that was drawn over itself the last state is shown', () => {
  assert.equal(cleanLine('10 %\r50 %\r100 %\r'), '100 %');
});

test('a filter is in the address and back', () => {
  const filter = { ...NONE, tool: 'run_command', q: 'a b&c', min_ms: '10', sort: 'slowest' };
  const address = toAddress(filter, 'http://host/chats/1/traces?call=7&status=ok');
  assert.deepEqual(fromAddress(new URL(address).search), filter);
  assert.equal(new URL(address).searchParams.get('call'), '7');
  assert.equal(new URL(address).searchParams.has('status'), false);
  assert.equal(toAddress(NONE, 'http://host/x?tool=a'), 'http://host/x');
  assert.deepEqual([narrows(NONE), narrows({ ...NONE, sort: 'oldest' }), narrows(filter)], [false, false, true]);
  assert.match(
    question({ ...filter, min_ms: 'nonsense' }, 'c'),
    /^\/api\/chats\/c\/outline\?limit=500&tool=run_command&q=a\+b%26c&sort=slowest$/,
  );
});

test('a call that just came is looked at with the same filter', () => {
  const call = {
    tool: 'run_command',
    status: 'error',
    duration_ms: 50,
    input: { command: ['npm', 'test'] },
    last_line: 'boom',
  };
  assert.ok(matches({ ...NONE, q: 'BOOM', status: 'error', min_ms: '50' }, call));
  for (const other of [{ tool: 'read_file' }, { status: 'ok' }, { min_ms: '51' }, { q: 'quiet' }])
    assert.equal(matches({ ...NONE, ...other }, call), false);
});

test('each day of a span has its sum, and the many small models one together', () => {
  const models = (...names) => names.map((model, index) => ({ model, n: 10 - index }));
  const chart = {
    since: '2026-02-27',
    until: '2026-03-02',
    days: [
      { day: '2026-02-27', models: models(...'abcdefgh') },
      { day: '2026-03-01', models: models('b') },
    ],
  };
  const { days, names, values, stacked } = series(chart, (model) => model.n);
  assert.deepEqual(
    days.map((seconds) => new Date(seconds * 1000).toISOString().slice(0, 10)),
    ['2026-02-27', '2026-02-28', '2026-03-01', '2026-03-02'],
  );
  assert.deepEqual(names, ['b', 'a', 'c', 'd', 'e', 'others']);
  assert.deepEqual(values[0], [9, 0, 10, 0]);
  assert.deepEqual(stacked.at(-1), [52, 0, 10, 0]);
});
