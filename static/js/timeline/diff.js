/** A unified diff in colours. */
import { h } from '../ui/dom.js';
import { visible } from '../ui/plaintext.js';

const HEAD = /^(diff --git|index |new file|deleted file|old mode|new mode|--- |\+\+\+ |\\ )/;
const MOST_LINES = 2_000;

/** @param {string} text */
export function unified(text) {
  const lines = text.replace(/\n$/, '').split('\n');
  let inHunk = false;
  const shown = lines.slice(0, MOST_LINES).filter((line) => {
    inHunk ||= line.startsWith('@@');
    return inHunk || !HEAD.test(line);
  });
  const rest = lines.length > MOST_LINES ? [h('span.hunk', {}, `… ${lines.length - MOST_LINES} more lines\n`)] : [];
  return h('pre.restore-diff', { tabindex: '0' }, ...shown.map((line) => h(`span.${kindOf(line)}`, {}, `${visible(line)}\n`)), ...rest);
}

function kindOf(line) {
  if (line.startsWith('@@')) return 'hunk';
  if (line.startsWith('+')) return 'add';
  return line.startsWith('-') ? 'del' : 'same';
}
