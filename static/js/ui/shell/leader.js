/** Commands of two strokes: `Ctrl` `,` and then a letter. They work everywhere on a page, while one writes too. */
import { isLeader } from './key_meaning.js';

const WAIT_MS = 3_000;
const MODIFIERS = new Set(['Control', 'Shift', 'Alt', 'Meta', 'AltGraph']);

/** @param {Record<string, () => void>} commands by letter */
export function startLeader(commands) {
  let until = 0;
  document.addEventListener(
    'keydown',
    (event) => {
      if (MODIFIERS.has(event.key)) return;
      const isSecond = performance.now() < until;
      until = 0;
      if (isDialogOpen()) return;
      if (isLeader(event)) until = performance.now() + WAIT_MS;
      else if (!isSecond || event.ctrlKey || event.metaKey || event.altKey) return;
      event.preventDefault();
      event.stopPropagation();
      if (!until && Object.hasOwn(commands, event.key)) commands[event.key]();
    },
    { capture: true },
  );
}

const isDialogOpen = () => document.querySelector('dialog[open]') !== null;
