/** The keys of the session's page: letters go where the person writes, and commands take two strokes or a modifier. */
import { meaningOf } from './key_meaning.js';
import { startLeader } from './leader.js';
import { openHelp } from './shell.js';

/** @param {{composer: {focus: () => void}, follow: import('../chat/follow.js').Follow, transcript: HTMLElement, approval: () => import('../calls/approval.js').Approval|undefined, traces: () => void, timeline: () => void, filter: () => void}} page */
export function startKeys({ composer, follow, transcript, approval, traces, timeline, filter }) {
  const stepBy = (selector, direction) => () => step(transcript, follow, selector, direction);
  startLeader({
    '?': openHelp,
    t: traces,
    h: timeline,
    f: filter,
    j: stepBy('.call', 1),
    k: stepBy('.call', -1),
    e: stepBy('.call.failed', 1),
  });
  const moves = { ArrowDown: stepBy('.call', 1), ArrowUp: stepBy('.call', -1) };
  document.addEventListener('keydown', (event) => {
    if (event.defaultPrevented) return;
    const writes = isBusy(event.target);
    if (event.altKey && !event.ctrlKey && !event.metaKey && Object.hasOwn(moves, event.key) && !writes) {
      event.preventDefault();
      return moves[event.key]();
    }
    if (event.key === 'End' && !writes && !event.ctrlKey && !event.metaKey) return follow.toEnd();
    const asked = approval();
    const askedMs = asked?.element.contains(event.target) ? asked.ageMs : null;
    const altGraph = event.getModifierState('AltGraph');
    const meaning = meaningOf(pressed(event, altGraph), { writes, acts: isControl(event.target), askedMs });
    // Written without `preventDefault`: the browser puts the letter where the focus is by then.
    if (meaning === 'write') composer.focus();
    if (meaning !== 'answer') return;
    event.preventDefault();
    asked?.answer(event.key);
  });
}

const pressed = ({ key, ctrlKey, metaKey, altKey, repeat }, altGraph) => ({
  key,
  ctrlKey,
  metaKey,
  altKey,
  repeat,
  altGraph,
});

const isBusy = (target) =>
  target.closest?.('input, textarea, select, [contenteditable], dialog[open], [popover]:popover-open') !== null;

const isControl = (target) => target.closest?.('button, a[href], summary, [role="tab"], [role="row"]') !== null;

/** Moves the focus to the next tool call from where it is, or from what is in view. */
function step(transcript, follow, selector, direction) {
  const found = [...transcript.querySelectorAll(selector)];
  const here = document.activeElement?.closest('.call');
  const after = (call) =>
    here ? Boolean(here.compareDocumentPosition(call) & Node.DOCUMENT_POSITION_FOLLOWING) : direction < 0;
  const before = (call) =>
    here ? Boolean(here.compareDocumentPosition(call) & Node.DOCUMENT_POSITION_PRECEDING) : true;
  const next = direction > 0 ? (found.find(after) ?? found[0]) : (found.findLast(before) ?? found.at(-1));
  if (!next) return;
  follow.pause();
  const summary = next.querySelector('summary');
  summary.focus();
  summary.scrollIntoView({ block: 'nearest' });
}
