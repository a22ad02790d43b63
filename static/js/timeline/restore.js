/** Going back: what would change is shown first, and nothing is lost, for the way back is a place of its own. */
import { byId, h } from '../ui/dom.js';
import { counted } from '../ui/format.js';
import { call } from '../ui/rest.js';
import { nameOf } from './entry.js';

/** @param {string} chatId @param {any} place @param {() => void} done */
export function askRestore(chatId, place, done) {
  const dialog = byId('restore-dialog');
  const form = dialog.querySelector('form');
  const problem = dialog.querySelector('.problem');
  const preview = dialog.querySelector('[data-preview]');
  const go = dialog.querySelector('[value="go"]');
  dialog.querySelector('[data-place]').textContent = nameOf(place);
  const ask = (extra) => call('POST', `/api/chats/${chatId}/restorations`, { checkpoint: place.id, scope: form.scope.value, ...extra });

  async function look() {
    problem.hidden = true;
    go.disabled = true;
    preview.replaceChildren(h('p', {}, 'Looking at what would change…'));
    try {
      const told = await ask({ preview: true });
      preview.replaceChildren(...tell(told));
      go.disabled = false;
    } catch (error) {
      preview.replaceChildren();
      show(error);
    }
  }

  function show(error) {
    problem.textContent = error.message;
    problem.hidden = false;
  }

  form.onchange = (event) => event.target.name === 'scope' && look();
  form.onsubmit = async (event) => {
    event.preventDefault();
    go.disabled = true;
    try {
      await ask({ overwrite: [...form.querySelectorAll('[name="overwrite"]:checked')].map((box) => box.value) });
      dialog.close();
      done();
    } catch (error) {
      go.disabled = false;
      show(error);
    }
  };
  dialog.showModal();
  look();
}

function tell(told) {
  const { hidden_count: hidden, shown_count: shown } = told.messages;
  const parts = [];
  if (told.scope !== 'files') {
    const back = shown ? `, ${counted(shown, 'message')} come back` : '';
    parts.push(h('p', {}, hidden || shown ? `${counted(hidden, 'message')} are hidden${back}.` : 'The conversation stays as it is.'));
  }
  if (told.scope !== 'conversation') {
    parts.push(h('p', {}, told.files_count ? `${counted(told.files_count, 'file')} change:` : 'No file changes.'));
    if (told.files_count) parts.push(h('ul.restore-files', {}, ...told.files.map(fileLine)));
    if (told.conflicts) parts.push(h('p.warn', {}, 'Files that you changed since are kept, unless you tick them.'));
    if (told.left_out.length) parts.push(h('p', {}, `Too large to be kept, so left alone: ${told.left_out.join(', ')}.`));
  }
  return parts;
}

function fileLine(file) {
  const counts = h('span.counts', {}, h('span.plus', {}, `+${file.added ?? 0}`), ' ', h('span.minus', {}, `−${file.removed ?? 0}`));
  const name = h('span.path', {}, file.path);
  const box = file.conflict && file.can_overwrite
    ? h('label.conflict', {}, h('input', { type: 'checkbox', name: 'overwrite', value: file.path }), ' restore all the same')
    : file.conflict && h('span.conflict', {}, 'kept');
  if (!file.diff) return h('li', {}, name, ' ', file.status, ' ', counts, box);
  return h('li', {}, h('details', {}, h('summary', {}, name, ' ', file.status, ' ', counts), h('pre.restore-diff', {}, ...file.diff.split('\n').map(diffLine))), box);
}

function diffLine(line) {
  const kind = line.startsWith('+') ? 'add' : line.startsWith('-') ? 'del' : 'same';
  return h(`span.${kind}`, {}, `${line}\n`);
}
