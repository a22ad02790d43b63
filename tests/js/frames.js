/** Frames for tests, short to write. */
import { readFileSync, readdirSync } from 'node:fs';

const GOLDEN = new URL('../wire/', import.meta.url);

export const EPOCH = '7d2f7c5e-5d0c-4c6e-9a55-3f6f5f0b1a11';
export const OTHER_EPOCH = '0e6c1f2a-7b1d-4f0e-8c55-2f6f5f0b1a22';

/** All golden frames by type. @returns {Record<string, any[]>} */
export function goldenFrames() {
  const names = readdirSync(GOLDEN).filter((name) => name.endsWith('.json'));
  return Object.fromEntries(
    names.map((name) => [name.slice(0, -5), JSON.parse(readFileSync(new URL(name, GOLDEN), 'utf8'))]),
  );
}

/** The logged golden frames: one story, in the order of the log. */
export function goldenStory() {
  const logged = Object.values(goldenFrames())
    .flat()
    .filter((frame) => frame.ord !== undefined && frame.seq !== undefined);
  return logged.sort((a, b) => a.ord - b.ord);
}

export const text = (seq, ord, content = `t${seq} `, message_id = 'm1') => ({
  type: 'channel_delta',
  channel: 'text',
  seq,
  ord,
  chat_id: 'c1',
  message_id,
  content,
  part: 'text',
});

export const toolCall = (seq, ord, id = `call_${seq}`, message_id = 'm1') => ({
  type: 'channel_delta',
  channel: 'tool_call',
  seq,
  ord,
  chat_id: 'c1',
  message_id,
  tool_call: { id, name: 'read_file', args: {} },
});

export const status = (seq, ord, value = 'running', message_id = 'm1', more = {}) => ({
  type: 'channel_delta',
  channel: 'status',
  seq,
  ord,
  chat_id: 'c1',
  message_id,
  status: value,
  ...more,
});

export const event = (seq, ord, frame) => ({ channel: 'event', seq, ord, ...frame });

export const started = (seq, ord, message_id = 'm1', role = 'assistant') =>
  event(seq, ord, { type: 'message_started', message_id, chat_id: 'c1', role, created_at: '2026-03-01T10:00:00Z' });

export const resumed = (fields = {}) => ({
  type: 'resumed',
  recovered: true,
  epoch: EPOCH,
  heads: {},
  ord: 0,
  replayed: 0,
  ...fields,
});

export const snapshot = (fields = {}) => ({
  type: 'snapshot',
  epoch: EPOCH,
  heads: {},
  ord: 0,
  messages: [],
  chats: [],
  traces: [],
  ...fields,
});

export const heartbeat = (fields = {}) => ({ type: 'heartbeat', epoch: EPOCH, heads: {}, ord: 0, ...fields });
