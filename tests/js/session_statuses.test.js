import assert from 'node:assert/strict';
import test from 'node:test';
import { SessionStatuses } from '../../static/js/ui/shell/session_list.js';

test('a session has the status of its most urgent chat', () => {
  const statuses = new SessionStatuses();
  assert.equal(statuses.update('s', 'a', 'running', 'idle'), 'running');
  assert.equal(statuses.update('s', 'b', 'waiting', 'running'), 'waiting');
  assert.equal(statuses.update('s', 'a', 'idle', 'waiting'), 'waiting');
  assert.equal(statuses.update('s', 'b', 'error', 'waiting'), 'error');
  assert.equal(statuses.update('s', 'b', 'idle', 'error'), 'idle');
});

test('it has the list asked for where it cannot know which chat was meant', () => {
  const statuses = new SessionStatuses();
  assert.equal(statuses.update('s', 'a', 'idle', 'running'), null);
  assert.equal(statuses.update('s', 'a', 'waiting', 'running'), 'waiting');
  assert.equal(statuses.update('s', 'a', 'error', 'waiting'), null);
  assert.equal(statuses.update('t', 'a', 'running', 'idle'), 'running');
  statuses.forget();
  assert.equal(statuses.update('t', 'a', 'idle', 'running'), null);
});
