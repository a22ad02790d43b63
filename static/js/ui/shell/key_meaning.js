/**
 * What a key means on a page where nobody writes. A letter never does anything by itself: it answers a question only
 * where the person went to that question, and is written into the message field everywhere else. Pure.
 *
 * @typedef {object} Pressed
 * @property {string} key as the browser names it
 * @property {boolean} [ctrlKey]
 * @property {boolean} [metaKey]
 * @property {boolean} [altKey]
 * @property {boolean} [repeat] the key is held down
 * @property {boolean} [altGraph] AltGr, which some systems tell as Ctrl and Alt
 *
 * @typedef {object} Focus
 * @property {boolean} writes something that takes letters has the focus, or a dialog is open
 * @property {boolean} [acts] a button, a link or the like has it, which the space bar presses
 * @property {number|null} [askedMs] how long the question that has the focus has been there; null where none has it
 */

/** A question that just came takes no letters: they were meant for something else. */
export const SETTLE_MS = 500;

const ANSWERS = new Set(['a', 'A', 'd']);

/** The two strokes of a command: `Ctrl` `,` belongs to no browser. @param {Pressed} pressed */
export const isLeader = ({ key, ctrlKey, metaKey, altKey }) => key === ',' && Boolean(ctrlKey) && !metaKey && !altKey;

/**
 * @param {Pressed} pressed
 * @param {Focus} focus
 * @returns {'answer'|'write'|'none'} `none`: the browser's own meaning
 */
export function meaningOf(pressed, { writes, acts = false, askedMs = null }) {
  if (writes || !isLetter(pressed)) return 'none';
  if (pressed.key === ' ') return acts ? 'none' : askedMs === null ? 'none' : 'write';
  if (askedMs === null || askedMs < SETTLE_MS || !ANSWERS.has(pressed.key)) return 'write';
  return pressed.repeat ? 'none' : 'answer';
}

/** Something that is printed, or begins to be: an accent, a character of an input method. @param {Pressed} pressed */
function isLetter({ key, ctrlKey, metaKey, altKey, altGraph }) {
  if ((ctrlKey || metaKey || altKey) && !altGraph) return false;
  return [...key].length === 1 || key === 'Dead' || key === 'Process';
}
