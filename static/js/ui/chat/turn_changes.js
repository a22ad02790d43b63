/** What a turn changed, as one diff below its last row. */
import { diffView } from '../../diff/diff_view.js';
import { linesWithNames } from '../../diff/unified.js';
import { h } from '../dom.js';
import { counted } from '../format.js';
import { visible } from '../plain_text.js';
import { call } from '../server.js';

const DIFF_LINES = 3_000;

/** Opens the diff, or closes it. @param {HTMLElement} foot @param {HTMLElement} button @param {string} turnId */
export async function toggleTurnChanges(foot, button, turnId) {
  const open = foot.querySelector('.turn-changes');
  button.setAttribute('aria-expanded', String(!open));
  if (open) return open.remove();
  const box = h(
    'div.turn-changes',
    { role: 'region', 'aria-label': 'What this turn changed' },
    h('p.fine', {}, 'Looking…'),
  );
  foot.append(box);
  try {
    box.replaceChildren(...shown(await call('GET', `/api/turns/${turnId}/changes`)));
  } catch (error) {
    box.replaceChildren(h('p.fine', {}, error.message));
  }
}

function shown({ files, diff, cut }) {
  if (!files) return [h('p.fine', {}, 'The files of this turn are not kept.')];
  const sum = (name) => files.reduce((total, file) => total + (file[name] ?? 0), 0);
  const total = counts({ added: sum('added'), removed: sum('removed') });
  const head = h('p', {}, h('b', {}, counted(files.length, 'file')), ' ', ...total);
  if (!files.length) return [h('p.fine', {}, 'In the end no file is another one.')];
  const list = h('ul', { 'aria-label': 'Changed files' }, ...files.map(fileLine));
  const lines = linesWithNames(diff);
  const more = cut && h('p.fine', {}, 'The diff is longer than what is shown here.');
  return [head, list, lines.length && diffView(lines, DIFF_LINES), more].filter(Boolean);
}

function fileLine(file) {
  const name = file.source ? `${file.source} → ${file.path}` : file.path;
  const lines = file.added === null ? ['binary'] : file.added || file.removed ? counts(file) : [];
  return h('li', {}, h('code', {}, visible(name)), ' ', file.status === 'modified' ? '' : `${file.status} `, ...lines);
}

const counts = ({ added, removed }) => [h('span.plus', {}, `+${added}`), ' ', h('span.minus', {}, `−${removed}`)];
