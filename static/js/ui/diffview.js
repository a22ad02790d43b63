/** A change, line by line and in colours. */
import { h } from './dom.js';
import { counted } from './format.js';
import { visible } from './plaintext.js';

const SIGN = { same: ' ', del: '−', add: '+', place: ' ' };

/** @param {import('./linediff.js').Line[]} lines @param {number} most that are shown @returns {HTMLElement} */
export function diffView(lines, most) {
  const shown = lines.slice(0, most).map(({ kind, text }) => h(`span.${kind}`, {}, `${SIGN[kind]} ${visible(text)}`));
  if (lines.length > shown.length) shown.push(h('span', {}, `… ${counted(lines.length - shown.length, 'more line')}`));
  return h('pre.diff', { tabindex: '0', role: 'region', 'aria-label': 'Change' }, ...shown);
}
