/** Shows a change line by line and in colours. */
import { h } from '../ui/dom.js';
import { counted } from '../ui/format.js';
import { numbered } from './unified.js';
import { visible } from '../ui/plain_text.js';

const SIGN = { same: ' ', del: '−', add: '+', place: ' ' };

/** @param {import('./unified.js').Line[]} lines @param {number} most that are shown @returns {HTMLElement} */
export function diffView(lines, most) {
  const known = numbered(lines.slice(0, most));
  const shown = known.map(({ kind, text, number }) =>
    h(`span.${kind}`, { 'data-number': number ?? null }, `${SIGN[kind]} ${visible(text)}`),
  );
  const digits = String(Math.max(0, ...known.map((line) => line.number ?? 0))).length;
  if (lines.length > shown.length) shown.push(h('span', {}, `… ${counted(lines.length - shown.length, 'more line')}`));
  const view = h('pre.diff', { tabindex: '0', role: 'region', 'aria-label': 'Change' }, ...shown);
  view.style.setProperty('--digits', `${digits}ch`);
  return view;
}
