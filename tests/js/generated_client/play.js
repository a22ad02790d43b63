/** Plays a session with a client that openapi-typescript made: `node play.js ADDRESS TOKEN FOLDER MODEL`. */

import process from 'node:process';
import { setTimeout as sleep } from 'node:timers/promises';

import createClient from 'openapi-fetch';

const [baseUrl, token, root, model] = process.argv.slice(2);
/** @type {import('openapi-fetch').Client<import('./schema.js').paths>} */
const api = createClient({ baseUrl, headers: { Authorization: `Bearer ${token}` } });

/** @template T @param {{data?: T, error?: unknown, response: Response}} answer @returns {T} */
function take({ data, error, response }) {
  if (data === undefined) throw new Error(`${response.url}: ${response.status} ${JSON.stringify(error)}`);
  return data;
}

/** @template T @param {() => Promise<T | false | undefined>} look @returns {Promise<T>} */
async function waitFor(look) {
  for (let tries = 0; tries < 300; tries += 1) {
    const found = await look();
    if (found) return found;
    await sleep(100);
  }
  throw new Error('It did not happen.');
}

const project = take(await api.POST('/api/projects', { body: { root, approval: 'ask' } }));
const session = take(await api.POST('/api/sessions', { body: { project: project.id, model } }));
const [chat] = session.chats;
const path = { chat_id: chat.id };
const sent = take(
  await api.POST('/api/chats/{chat_id}/messages', {
    params: { path },
    body: { content: 'Make it.', request_id: '', auto_fix: true },
  }),
);
const waiting = await waitFor(
  async () => take(await api.GET('/api/chats/{chat_id}/approvals', { params: { path } })).results[0],
);
take(
  await api.POST('/api/traces/{trace_id}/decision', {
    params: { path: { trace_id: waiting.trace_id } },
    body: { decision: 'allow', note: '', pattern: '' },
  }),
);
const turn = take(
  await api.GET('/api/turns/{turn_id}', { params: { path: { turn_id: sent.turn.id }, query: { wait: 60 } } }),
);
const timeline = await waitFor(async () => {
  const found = take(await api.GET('/api/chats/{chat_id}/timeline', { params: { path } }));
  return found.every((checkpoint) => checkpoint.files.state === 'kept') && found;
});

/** @param {boolean} preview */
async function restore(preview) {
  const wish = { checkpoint: timeline[0].id, scope: /** @type {const} */ ('both') };
  const body = { ...wish, preview, overwrite_all: false, before: false };
  return take(await api.POST('/api/chats/{chat_id}/restorations', { params: { path }, body }));
}

const preview = await restore(true);
const done = await restore(false);
const missing = await api.GET('/api/chats/{chat_id}', { params: { path: { chat_id: project.id } } });
const shown = {
  role: sent.message.role,
  status: turn.status,
  answer: turn.answer,
  kinds: timeline.map((checkpoint) => checkpoint.kind),
  preview: 'files' in preview && preview.files.map((file) => [file.path, file.status]),
  state: 'state' in done && done.state,
  missing: missing.response.status,
};
process.stdout.write(JSON.stringify(shown));
