/** The files that a place changed, below its line; each leads to its history. */
import { h } from '../ui/dom.js';
import { call } from '../ui/server.js';
import { lineCounts } from './entry.js';

/** Opens the list, or closes it. @param {string} chatId @param {any} place @param {HTMLElement} row */
export async function toggleFiles(chatId, place, row) {
  const button = row.querySelector('.place-files');
  const open = row.querySelector('.changed-files');
  button.setAttribute('aria-expanded', String(!open));
  if (open) return open.remove();
  const list = h('ul.changed-files', { 'aria-label': 'Changed files' }, h('li.fine', {}, 'Looking…'));
  row.append(list);
  try {
    const { files } = await call('GET', `/api/chats/${chatId}/checkpoints/${place.id}/files`);
    list.replaceChildren(
      ...(files ? files.map(fileLine) : [h('li.fine', {}, 'The files of this place are not kept any more.')]),
    );
  } catch (error) {
    list.replaceChildren(h('li.problem', {}, error.message));
  }
}

function fileLine(file) {
  return h(
    'li',
    {},
    h(
      'button.quiet.path',
      { type: 'button', 'data-file-history': file.path, title: `History of ${file.path}` },
      file.path,
    ),
    file.status === 'modified' ? '' : h('span.fine', {}, file.status),
    lineCounts(file),
  );
}
