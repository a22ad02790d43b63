import assert from 'node:assert/strict';
import test from 'node:test';
import { Changes, apply, initial } from '../../static/js/stream/reducer.js';
import { noticeTexts } from '../../static/js/ui/shell/error_notices.js';
import { goldenFrames, started, text } from './frames.js';

function told(...frames) {
  const state = initial({ id: 's1', chats: [{ id: 'c1' }, { id: 'c2', name: 'Docs' }] });
  const changes = new Changes();
  for (const frame of frames) apply(state, frame, changes);
  return noticeTexts(state.errors.slice(-changes.errors), state, 'c1');
}

test('it names what an error frame says, each problem once', () => {
  const [logged, answer] = goldenFrames().error;
  assert.deepEqual(told({ ...logged, chat_id: 'c1' }, answer, answer), [
    'The files could not be kept.',
    'The frame is not JSON.',
  ]);
});

test('it leaves to its message what the message tells itself', () => {
  const failed = { type: 'channel_delta', channel: 'error', chat_id: 'c1', error: 'No credit.', reason: null };
  assert.deepEqual(told(started(0, 1, 'm1'), { ...failed, message_id: 'm1' }), []);
  assert.deepEqual(told({ ...failed, message_id: 'gone' }), ['No credit.']);
});

test('it says in which chat it happened where that is another one', () => {
  const error = { type: 'error', error: 'Disk full.' };
  assert.deepEqual(told({ ...error, chat_id: 'c2' }, { ...error, chat_id: 'c9' }), [
    'Docs: Disk full.',
    'Another chat: Disk full.',
  ]);
});

test('it makes harmless what would lie to the eye', () => {
  assert.deepEqual(told({ type: 'error', error: 'a\u202eb\u001b[31m' }), ['a⟨U+202E⟩b']);
});

test('it says nothing where nothing went wrong', () => {
  assert.deepEqual(told(started(0, 1, 'm1'), text(0, 2)), []);
});
