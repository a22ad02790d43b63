import assert from 'node:assert/strict';
import test from 'node:test';
import { HELD_LIMIT, PassThrough, Sequencer } from '../../static/js/stream/sequencer.js';
import { EPOCH, OTHER_EPOCH, event, heartbeat, resumed, snapshot, text, toolCall } from './frames.js';

/** A sequencer that joined at a snapshot. */
function joined(heads = { text: 500, tool_call: 3 }, ord = 503) {
  const sequencer = new Sequencer();
  sequencer.request();
  sequencer.receive(resumed({ recovered: false, heads, ord }));
  sequencer.receive(snapshot({ heads, ord }));
  return sequencer;
}

const ords = (outcomes) => outcomes.flatMap(({ apply }) => apply.map((frame) => frame.ord));
const receive = (sequencer, ...frames) => frames.map((frame) => sequencer.receive(frame));

test('it asks for everything on a first visit', () => {
  assert.deepEqual(new Sequencer().request(), { type: 'reconnect', lastSeqPerChannel: {} });
});

test('it starts from the heads of the snapshot', () => {
  const sequencer = joined();
  assert.deepEqual(ords(receive(sequencer, text(500, 504))), [504]);
  assert.deepEqual(sequencer.request(), {
    type: 'reconnect',
    lastSeqPerChannel: { text: 501, tool_call: 3 },
    epoch: EPOCH,
  });
});

test('it takes nothing before it knows where it stands', () => {
  const sequencer = new Sequencer();
  sequencer.request();
  assert.deepEqual(ords(receive(sequencer, text(0, 1))), []);
});

test('it flushes a later frame only once the one before is here', () => {
  const sequencer = joined();
  assert.deepEqual(ords(receive(sequencer, text(501, 505))), []);
  assert.equal(sequencer.held, 1);
  assert.deepEqual(ords(receive(sequencer, text(500, 504))), [504, 505]);
  assert.equal(sequencer.held, 0);
});

test('it reports what it applied, not what it received', () => {
  const sequencer = joined();
  receive(sequencer, text(502, 506), text(500, 504));
  assert.equal(sequencer.positions.text, 501);
  assert.equal(sequencer.ord, 504);
});

test('it keeps the order across channels', () => {
  const sequencer = joined();
  const outcomes = receive(
    sequencer,
    text(501, 506),
    toolCall(3, 505),
    event(0, 507, { type: 'chat_renamed' }),
    text(500, 504),
  );
  assert.deepEqual(ords(outcomes), [504, 505, 506, 507]);
});

test('it goes by seq alone where there is no ord', () => {
  const sequencer = joined({}, undefined);
  const bare = (frame) => ({ ...frame, ord: undefined });
  const outcomes = receive(sequencer, bare(text(1)), bare(toolCall(0)), bare(text(0)));
  assert.deepEqual(
    outcomes.map(({ apply }) => apply.length),
    [0, 1, 2],
  );
});

test('it takes each entry once', () => {
  const sequencer = joined();
  assert.deepEqual(ords(receive(sequencer, text(500, 504), text(500, 504), text(499, 503))), [504]);
});

test('it resyncs when more than 500 are held', () => {
  const sequencer = joined();
  const outcomes = [];
  for (let n = 1; n <= HELD_LIMIT + 1; n += 1) outcomes.push(sequencer.receive(text(500 + n, 504 + n)));
  assert.deepEqual(outcomes.map(({ resync }) => resync).filter(Boolean), ['overflow']);
  assert.equal(sequencer.held, 0);
  assert.equal(sequencer.request().lastSeqPerChannel.text, 500);
});

test('it passes frames without a place at once', () => {
  const sequencer = joined();
  receive(sequencer, text(501, 505));
  const frame = { type: 'agent_snapshot', channel: 'event', chat_id: 'c1', snapshot: {} };
  assert.deepEqual(sequencer.receive(frame).apply, [frame]);
});

test('it counts a skipped frame as applied', () => {
  const sequencer = joined();
  assert.deepEqual(
    ords(receive(sequencer, { type: 'skipped', channel: 'text', seq: 500, ord: 504 }, text(501, 505))),
    [504, 505],
  );
});

test('it is replaying until the heads of the answer are reached', () => {
  const sequencer = joined();
  sequencer.request();
  assert.equal(sequencer.phase, 'asked');
  sequencer.receive(resumed({ heads: { text: 502, tool_call: 3 }, ord: 505, replayed: 2 }));
  assert.equal(sequencer.phase, 'replaying');
  receive(sequencer, text(500, 504));
  assert.equal(sequencer.phase, 'replaying');
  receive(sequencer, text(501, 505));
  assert.equal(sequencer.phase, 'steady');
  assert.equal(sequencer.replayed, 2);
});

test('it takes no entries while it waits for a snapshot', () => {
  const sequencer = joined();
  sequencer.request();
  sequencer.receive(resumed({ recovered: false, epoch: OTHER_EPOCH }));
  assert.deepEqual(ords(receive(sequencer, text(500, 504))), []);
  sequencer.receive(snapshot({ epoch: OTHER_EPOCH, heads: { text: 2 }, ord: 2 }));
  assert.deepEqual(ords(receive(sequencer, text(2, 3))), [3]);
  assert.equal(sequencer.epoch, OTHER_EPOCH);
});

test('it takes no entries from an epoch that a heartbeat announced', () => {
  const sequencer = joined();
  assert.equal(sequencer.receive(heartbeat({ epoch: OTHER_EPOCH })).resync, 'epoch');
  assert.deepEqual(ords(receive(sequencer, text(500, 504))), []);
});

test('it is not held up by a late entry from before history was rewritten', () => {
  const sequencer = joined();
  receive(sequencer, heartbeat({ epoch: OTHER_EPOCH }), snapshot({ epoch: OTHER_EPOCH, ord: 510 }));
  assert.deepEqual(
    ords(receive(sequencer, event(0, 505, { type: 'chat_renamed' }), event(0, 511, { type: 'chat_renamed' }))),
    [511],
  );
});

test('it asks as on a first visit when the server went on in another epoch', () => {
  const sequencer = joined();
  sequencer.request();
  assert.equal(sequencer.receive(resumed({ epoch: OTHER_EPOCH })).resync, 'epoch');
  assert.deepEqual(sequencer.request(), { type: 'reconnect', lastSeqPerChannel: {} });
});

test('it ignores a snapshot that is no newer and that nobody waits for', () => {
  const sequencer = joined();
  receive(sequencer, text(500, 504));
  assert.deepEqual(sequencer.receive(snapshot({ heads: { text: 500 }, ord: 503 })).apply, []);
  assert.equal(sequencer.positions.text, 501);
  assert.equal(sequencer.receive(snapshot({ heads: { text: 600 }, ord: 603 })).apply.length, 1);
});

test('it goes back when the server says that it has less than we do', () => {
  const sequencer = joined();
  sequencer.request();
  sequencer.receive(resumed({ recovered: false, ord: 400 }));
  sequencer.receive(snapshot({ heads: { text: 400 }, ord: 400 }));
  assert.equal(sequencer.positions.text, 400);
});

test('it notices in a heartbeat that it is behind', () => {
  const sequencer = joined();
  assert.equal(sequencer.receive(heartbeat({ heads: { text: 500, tool_call: 3 }, ord: 503 })).resync, null);
  assert.equal(
    sequencer.receive(heartbeat({ heads: { text: 500, tool_call: 3, status: 1 }, ord: 504 })).resync,
    'behind',
  );
});

test('it notices in a heartbeat that the log went back, but not that one came late', () => {
  const sequencer = joined();
  const at = (ord) => heartbeat({ heads: { text: ord - 3, tool_call: 3 }, ord });
  sequencer.receive(at(503));
  receive(sequencer, text(500, 504));
  assert.equal(sequencer.receive(at(503)).resync, null);
  assert.equal(sequencer.receive(at(503)).resync, 'rewound');
});

test('it replays from the first entry where the log is kept whole', () => {
  const sequencer = new Sequencer();
  sequencer.request();
  sequencer.receive(resumed({ heads: { text: 2 }, ord: 2, replayed: 2 }));
  assert.deepEqual(ords(receive(sequencer, text(1, 2), text(0, 1))), [1, 2]);
});

test('it lets everything pass on a socket without a log', () => {
  const pass = new PassThrough();
  const frame = { type: 'session_renamed', session_id: 's', name: 'x' };
  assert.equal(pass.request(), null);
  assert.deepEqual(pass.receive(frame).apply, [frame]);
  assert.deepEqual(pass.receive({ type: 'alive' }).apply, [], 'it says nothing but that it is there');
});

test('it joins a snapshot that comes in parts, and forgets those of an answer that was cut off', () => {
  const sequencer = new Sequencer();
  const part = (id) => ({
    type: 'snapshot_part',
    messages: [{ id }],
    traces: [],
    approvals: [],
    outputs: { [id]: 'x' },
  });
  sequencer.request();
  receive(sequencer, resumed({ recovered: false }), part('lost'));
  sequencer.request();
  receive(sequencer, resumed({ recovered: false }), part('a'), part('b'));
  assert.equal(sequencer.phase, 'suspended');
  const [{ apply }] = receive(sequencer, { ...snapshot(), messages: [{ id: 'c' }], outputs: {} });
  assert.deepEqual(
    apply[0].messages.map(({ id }) => id),
    ['a', 'b', 'c'],
  );
  assert.deepEqual(Object.keys(apply[0].outputs), ['a', 'b']);
  assert.equal(sequencer.phase, 'steady');
});
