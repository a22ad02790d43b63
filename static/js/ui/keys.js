/** Single keys, only where nobody writes and with no modifier, so that they fight neither browser nor screen reader. */
import { openHelp } from './shell.js';

/** @param {{composer: {focus: () => void}, follow: import('./follow.js').Follow, transcript: HTMLElement, asking: () => import('./asking.js').Asking|undefined, traces: () => void, timeline: () => void}} page */
export function startKeys({ composer, follow, transcript, asking, traces, timeline }) {
  const actions = {
    '/': () => composer.focus(),
    '?': openHelp,
    t: () => traces(),
    h: () => timeline(),
    j: () => step(transcript, follow, '.call', 1),
    k: () => step(transcript, follow, '.call', -1),
    e: () => step(transcript, follow, '.call.failed', 1),
    End: () => follow.toEnd(),
    a: () => asking()?.decide('allow'),
    A: () => asking()?.askHowMuch(),
    d: () => asking()?.askWhy(),
  };
  document.addEventListener('keydown', (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented || isBusy(event.target)) return;
    const action = actions[event.key];
    if (!action || (event.repeat && 'aA'.includes(event.key))) return;
    event.preventDefault();
    action();
  });
}

const isBusy = (target) => target.closest?.('input, textarea, select, [contenteditable], dialog[open], [popover]:popover-open') !== null;

/** Moves the focus to the next tool call from where it is, or from what is in view. */
function step(transcript, follow, selector, direction) {
  const found = [...transcript.querySelectorAll(selector)];
  const here = document.activeElement?.closest('.call');
  const after = (call) => (here ? Boolean(here.compareDocumentPosition(call) & Node.DOCUMENT_POSITION_FOLLOWING) : direction < 0);
  const before = (call) => (here ? Boolean(here.compareDocumentPosition(call) & Node.DOCUMENT_POSITION_PRECEDING) : true);
  const next = direction > 0 ? (found.find(after) ?? found[0]) : (found.findLast(before) ?? found.at(-1));
  if (!next) return;
  follow.pause();
  const summary = next.querySelector('summary');
  summary.focus();
  summary.scrollIntoView({ block: 'nearest' });
}
