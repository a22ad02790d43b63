/** Going back: what would change is shown first, and nothing is lost, for the way back is a place of its own. */
import { byId, h, icon } from '../ui/dom.js';
import { counted } from '../ui/format.js';
import { call } from '../ui/server.js';
import { diffView } from '../diff/diff_view.js';
import { linesOfOne } from '../diff/unified.js';
import { lineCounts } from './entry.js';
import { nameOf } from './place_labels.js';

const POLL_MS = 300;
const DIFF_LINES = 2_000;
const STATUS = { added: 'comes back', deleted: 'goes', modified: 'changes' };

/**
 * @param {string} chatId
 * @param {{place: any, path?: string, before?: boolean, name?: string}} what `path`: only this file; `before`: as the
 *   place's turn found it
 * @param {() => void} done
 */
export function askRestore(chatId, { place, path, before = false, name }, done) {
  const dialog = byId('restore-dialog');
  const form = dialog.querySelector('form');
  const problem = dialog.querySelector('.problem');
  const preview = dialog.querySelector('[data-preview]');
  const stop = dialog.querySelector('[data-stop]');
  const go = dialog.querySelector('[value="go"]');
  dialog.querySelector('[data-title]').textContent = path
    ? `Restore ${path} as of “${name}”?`
    : `Restore to “${nameOf(place)}”?`;
  form.querySelector('fieldset').hidden = Boolean(path);
  const wish = () => (path ? { scope: 'files', paths: [path], before } : { scope: form.scope.value });
  const ask = (extra) =>
    call('POST', `/api/chats/${chatId}/restorations`, { checkpoint: place.id, ...wish(), ...extra });
  let looked = 0;

  async function look() {
    const mine = ++looked;
    say(null);
    go.disabled = true;
    preview.replaceChildren(h('p.fine', {}, 'Looking at what would change…'));
    try {
      const told = await ask({ preview: true });
      if (mine !== looked) return; // another question was asked meanwhile
      preview.replaceChildren(...tell(told));
      go.disabled = false;
    } catch (error) {
      if (mine !== looked) return;
      preview.replaceChildren();
      say(error);
    }
  }

  /** What is in the way; where that is a turn at work, with the offer to stop it. */
  function say(error) {
    problem.textContent = error?.message ?? '';
    problem.hidden = !error;
    stop.hidden = !error?.answer?.cancellation;
    stop.disabled = false;
    stop.onclick = () => stopTurn(error.answer.cancellation);
  }

  async function stopTurn(address) {
    stop.disabled = true;
    try {
      await call('POST', address, {});
      while (dialog.open && (await ask({ preview: true }).catch((error) => error)).answer?.cancellation)
        await new Promise((resolve) => setTimeout(resolve, POLL_MS));
      if (dialog.open) look();
    } catch (error) {
      say(error);
    }
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
      say(error);
    }
  };
  dialog.showModal();
  look();
}

function tell(told) {
  const { hidden_count: hidden, shown_count: shown } = told.messages;
  const parts = [];
  if (told.scope !== 'files') parts.push(h('p', {}, messageWords(hidden, shown)));
  if (told.scope !== 'conversation') {
    parts.push(
      h(
        'p',
        {},
        told.files_count ? `${counted(told.files_count, 'file changes', 'files change')}:` : 'No file changes.',
      ),
    );
    if (told.conflicts)
      parts.push(
        h(
          'p.warn',
          {},
          icon('alert'),
          h(
            'span',
            {},
            `${counted(told.conflicts, 'file')} changed since, and not by this chat: kept unless you tick ${told.conflicts === 1 ? 'it' : 'them'}.`,
          ),
        ),
      );
    if (told.files_count) parts.push(h('ul.restore-files', {}, ...told.files.map(fileLine)));
    if (told.files_count > told.files.length)
      parts.push(h('p.fine', {}, `… and ${counted(told.files_count - told.files.length, 'more file')}.`));
    if (told.left_out.length)
      parts.push(
        h(
          'p.fine',
          {},
          `Not kept, so left as they are: ${told.left_out.slice(0, 10).join(', ')}${told.left_out.length > 10 ? '…' : '.'}`,
        ),
      );
  }
  return parts;
}

function messageWords(hidden, shown) {
  const parts = [
    hidden && `${counted(hidden, 'message is', 'messages are')} hidden`,
    shown && `${counted(shown, 'message comes', 'messages come')} back`,
  ];
  const words = parts.filter(Boolean).join(', ');
  return words ? `${words}.` : 'The conversation stays as it is.';
}

function fileLine(file) {
  const line = [
    h('span.path', {}, file.path),
    h('span.fine', {}, file.kept ? 'kept' : STATUS[file.status]),
    lineCounts(file),
  ];
  const shown = file.diff
    ? h('details', {}, h('summary', {}, ...line), diffView(linesOfOne(file.diff), DIFF_LINES))
    : h('div.line', {}, ...line);
  return h('li', {}, shown, file.conflict && conflictLine(file));
}

function conflictLine(file) {
  if (!file.can_overwrite) return h('p.conflict', {}, `Stays as it is: ${file.conflict}.`);
  return h(
    'label.conflict',
    {},
    h('input', { type: 'checkbox', name: 'overwrite', value: file.path }),
    h('span', {}, `Restore it all the same: ${file.conflict}`),
  );
}
