/** The time machine of a file: its versions, newest first, what made each, and the way back to one. */
import { byId, h, icon } from '../ui/dom.js';
import { call } from '../ui/server.js';
import { diffView } from '../diff/diff_view.js';
import { linesOfOne } from '../diff/unified.js';
import { askRestore } from './restore.js';
import { timeOf } from './place_labels.js';

const DIFF_LINES = 2_000;
const KINDS = { restore: 'Restored', undo: 'Found before a restore', start: 'Found at the beginning' };

/** @param {string} chatId @param {string} path @param {() => void} done after a restore */
export async function showHistory(chatId, path, done) {
  const dialog = byId('history-dialog');
  const list = dialog.querySelector('[data-versions]');
  dialog.querySelector('[data-path]').textContent = path;
  list.replaceChildren(h('li.fine', {}, 'Looking…'));
  if (!dialog.open) dialog.showModal();
  try {
    const versions = await call('GET', `/api/chats/${chatId}/files/${encoded(path)}/versions`);
    const restore = (version) => {
      dialog.close();
      askRestore(
        chatId,
        { place: { id: version.checkpoint }, path, before: version.before, name: nameOf(version) },
        done,
      );
    };
    const rows = versions.map((version, index) =>
      versionRow({ chatId, path, version, isNewest: index === 0, restore }),
    );
    list.replaceChildren(...(rows.length ? rows : [h('li.fine', {}, 'No checkpoint of this chat has this file.')]));
  } catch (error) {
    list.replaceChildren(h('li.problem', {}, error.message));
  }
}

const encoded = (path) => path.split('/').map(encodeURIComponent).join('/');

function nameOf(version) {
  if (version.by === 'person' && version.kind === 'turn') return `Found before “${version.title}”`;
  return KINDS[version.kind] ?? version.title;
}

function versionRow({ chatId, path, version, isNewest, restore }) {
  const who = { agent: 'by a command', person: 'not by this chat’s agent' }[version.by];
  const trace =
    version.trace &&
    h('a', { href: `/chats/${chatId}/traces?call=${version.trace}` }, version.tool || 'the call that made it');
  const facts = h(
    'span.place-facts',
    {},
    h('time', { datetime: version.at }, timeOf(version.at)),
    trace ? h('span', {}, 'by ', trace) : who && h('span', {}, who),
    !version.exists && h('span.trouble', {}, 'deleted'),
  );
  const head = h(
    'div.version-head',
    {},
    h('div.version-words', {}, h('span.place-name', {}, nameOf(version)), facts),
    isNewest ? h('span.fine', {}, 'newest') : null,
    h('button.button', { type: 'button', onclick: () => restore(version) }, icon('back'), 'Restore…'),
  );
  const row = h('li.version', {}, head);
  if (version.exists)
    row.append(
      contents(
        `/api/chats/${chatId}/checkpoints/${version.checkpoint}/files/${encoded(path)}${version.before ? '?before' : ''}`,
      ),
    );
  return row;
}

/** Loaded when it is opened first. */
function contents(address) {
  const body = h('div', {}, h('p.fine', {}, 'Looking…'));
  const details = h('details', {}, h('summary', {}, 'What it was'), body);
  details.addEventListener('toggle', async () => {
    if (!details.open || details.dataset.loaded) return;
    details.dataset.loaded = 'yes';
    try {
      body.replaceChildren(...shown(await call('GET', address)));
    } catch (error) {
      delete details.dataset.loaded;
      body.replaceChildren(h('p.problem', {}, error.message));
    }
  });
  return details;
}

function shown({ text, bytes, diff_from_now: diff }) {
  if (text === null) return [h('p.fine', {}, `No text, or too long to show: ${bytes.toLocaleString('en')} bytes.`)];
  const change = diff
    ? [h('p.fine', {}, 'What restoring it would change now:'), diffView(linesOfOne(diff), DIFF_LINES)]
    : [h('p.fine', {}, 'As it is now.')];
  return [...change, h('details', {}, h('summary', {}, 'All of it'), h('pre', { tabindex: '0' }, text))];
}
