import assert from 'node:assert/strict';
import test from 'node:test';
import { Outbox } from '../../static/js/stream/outbox.js';
import { FakeStorage, FakeTimers } from './fakes.js';

const settle = () => new Promise((resolve) => setImmediate(resolve));

const response = (status, body = {}, headers = {}) => ({
  ok: status < 300,
  status,
  json: async () => body,
  headers: { get: (name) => headers[name] ?? null },
});

/** An outbox; `answers` are taken one for each attempt: a response, or an Error for a network that fails. */
function outbox(answers = [], storage = new FakeStorage()) {
  const world = { timers: new FakeTimers(), posts: [], changes: [], storage, answers };
  let ids = 0;
  world.outbox = new Outbox({
    post: async (chat_id, body, signal) => {
      world.posts.push({ chat_id, ...body });
      const answer = world.answers.shift() ?? response(202, { turn: {} });
      if (answer === 'hang')
        return new Promise((_, reject) => signal.addEventListener('abort', () => reject(new Error('abort'))));
      if (answer instanceof Error) throw answer;
      return answer;
    },
    storage,
    timers: world.timers,
    random: () => 0.5,
    newId: () => `r${++ids}`,
    onChange: (entries) => world.changes.push(entries),
  });
  return world;
}

const cut = () => new Error('network');

test('it lets a message go only when the server has it', async () => {
  const world = outbox([response(202, { message: { id: 'm1' } })]);
  const sent = world.outbox.send('c1', 'hello');
  assert.deepEqual(
    world.outbox.list('c1').map(({ content, state }) => [content, state]),
    [['hello', 'sending']],
  );
  assert.equal(world.storage.length, 1);
  assert.deepEqual(await sent, { sent: true, answer: { message: { id: 'm1' } } });
  assert.deepEqual([world.outbox.list(), world.storage.length], [[], 0]);
});

test('it sends word that the check is left out, after a reload too', async () => {
  const storage = new FakeStorage();
  const before = outbox([cut()], storage);
  before.outbox.send('c1', 'quick', { auto_fix: false });
  await settle();
  const after = outbox([], storage);
  after.outbox.restore();
  await settle();
  await after.outbox.send('c1', 'usual');
  assert.deepEqual(
    after.posts.map((post) => [post.content, post.auto_fix]),
    [
      ['quick', false],
      ['usual', undefined],
    ],
  );
});

test('it tries again with the same request_id when the network fails', async () => {
  const world = outbox([cut(), response(503), response(202)]);
  const sent = world.outbox.send('c1', 'hello');
  await settle();
  const [entry] = world.outbox.list();
  assert.deepEqual([entry.state, entry.attempts, entry.retryAt - world.timers.now()], ['waiting', 1, 500]);
  assert.match(entry.reason, /can’t be reached/);
  world.timers.pass(500);
  await settle();
  world.timers.pass(1_000);
  assert.equal((await sent).sent, true);
  assert.deepEqual(
    world.posts.map((post) => post.request_id),
    ['r1', 'r1', 'r1'],
  );
});

test('it tries at once when the connection is live again', async () => {
  const world = outbox([cut()]);
  const sent = world.outbox.send('c1', 'hello');
  await settle();
  world.outbox.retryNow();
  assert.equal((await sent).sent, true);
  world.timers.pass(60_000);
  assert.equal(world.posts.length, 2);
});

test('it keeps a refused message with its text and the reason', async () => {
  const world = outbox([response(400, { content: ['Write something first.'] })]);
  const outcome = await world.outbox.send('c1', ' ');
  assert.equal(outcome.sent, false);
  const [entry] = world.outbox.list();
  assert.deepEqual([entry.state, entry.content, entry.reason], ['failed', ' ', 'Write something first.']);
  world.timers.pass(600_000);
  assert.equal(world.posts.length, 1);
});

test('it says what to do for the common refusals', async () => {
  for (const [status, words] of [
    [401, /Log in/],
    [403, /Log in/],
    [404, /gone/],
    [413, /too large/],
    [422, /422/],
  ]) {
    const { entry } = await outbox([response(status, null)]).outbox.send('c1', 'x');
    assert.match(entry.reason, words);
  }
});

test('it waits as long as the server asks it to', async () => {
  const world = outbox([response(429, {}, { 'Retry-After': '7' })]);
  world.outbox.send('c1', 'x');
  await settle();
  assert.equal(world.outbox.list()[0].retryAt - world.timers.now(), 7_000);
});

test('it gives up after some minutes and offers to try again with the same request_id', async () => {
  const world = outbox(Array.from({ length: 8 }, cut));
  const sent = world.outbox.send('c1', 'hello');
  for (let n = 0; n < 8; n += 1) {
    await settle();
    world.timers.pass(30_000);
  }
  const { sent: arrived, entry } = await sent;
  assert.deepEqual([arrived, entry.state, entry.content, entry.attempts], [false, 'failed', 'hello', 8]);
  assert.equal((await world.outbox.retry(entry.request_id)).sent, true);
  assert.equal(new Set(world.posts.map((post) => post.request_id)).size, 1);
});

test('it gives an answer 20 s to come', async () => {
  const world = outbox(['hang']);
  world.outbox.send('c1', 'hello');
  await settle();
  world.timers.pass(20_000);
  await settle();
  assert.equal(world.outbox.list()[0].state, 'waiting');
});

test('it sends the messages of a chat one after the other, and other chats’ meanwhile', async () => {
  const world = outbox([cut()]);
  world.outbox.send('c1', 'one');
  world.outbox.send('c1', 'two');
  world.outbox.send('c2', 'other');
  await settle();
  assert.deepEqual(
    world.posts.map((post) => post.content),
    ['one', 'other'],
  );
  world.timers.pass(500);
  await settle();
  assert.deepEqual(
    world.posts.map((post) => post.content),
    ['one', 'other', 'one', 'two'],
  );
});

test('it does not hurry a message because another was written', async () => {
  const world = outbox([cut()]);
  world.outbox.send('c1', 'one');
  await settle();
  world.outbox.send('c1', 'two');
  await settle();
  assert.deepEqual(
    world.posts.map((post) => post.content),
    ['one'],
  );
});

test('it does not let a refused message hold up the next', async () => {
  const world = outbox([response(400)]);
  world.outbox.send('c1', 'bad');
  assert.equal((await world.outbox.send('c1', 'good')).sent, true);
  assert.deepEqual(
    world.outbox.list().map(({ content }) => content),
    ['bad'],
  );
});

test('it gives a message back', async () => {
  const world = outbox([cut()]);
  const sent = world.outbox.send('c1', 'hello');
  await settle();
  assert.equal(world.outbox.discard('r1'), 'hello');
  assert.deepEqual(await sent, { sent: false, entry: null });
  world.timers.pass(60_000);
  assert.deepEqual([world.posts.length, world.storage.length, world.outbox.discard('r1')], [1, 0, null]);
});

test('it sends what failed for want of a log-in once somebody is logged in again', async () => {
  for (const status of [401, 403]) {
    const before = outbox([response(status)]);
    await before.outbox.send('c1', 'kept');
    assert.equal(before.outbox.list()[0].state, 'failed');
    const after = outbox([response(202)], before.storage);
    after.outbox.restore();
    await settle();
    assert.deepEqual([after.posts.length, after.outbox.list()], [1, []]);
  }
});

test('it survives a reload: goes on with the same request_id, keeps what failed', async () => {
  const before = outbox([response(400), cut()]);
  await before.outbox.send('c1', 'refused');
  before.outbox.send('c1', 'cut');
  before.outbox.send('c1', 'later');
  await settle();
  const after = outbox([], before.storage);
  after.outbox.restore();
  await settle();
  assert.deepEqual(
    after.posts.map(({ request_id, content }) => [request_id, content]),
    [
      ['r2', 'cut'],
      ['r3', 'later'],
    ],
  );
  assert.deepEqual(
    after.outbox.list().map(({ content, state }) => [content, state]),
    [['refused', 'failed']],
  );
});

test('it works without storage, with a full one, and with rubbish in it', async () => {
  const full = {
    get length() {
      throw new Error('SecurityError');
    },
    setItem() {
      throw new Error('QuotaExceeded');
    },
    removeItem() {
      throw new Error('x');
    },
  };
  for (const storage of [undefined, full]) {
    const world = outbox([], storage ?? null);
    assert.deepEqual(world.outbox.restore(), []);
    assert.equal((await world.outbox.send('c1', 'x')).sent, true);
  }
  const rubbish = new FakeStorage();
  for (const [key, value] of [
    ['boocode.outbox.a', '{'],
    ['boocode.outbox.b', 'null'],
    ['theme', 'dark'],
  ])
    rubbish.setItem(key, value);
  assert.deepEqual(outbox([], rubbish).outbox.restore(), []);
});
