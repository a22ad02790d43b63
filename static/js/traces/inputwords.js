/** A call's arguments in few words: what traces/outline.py does for the API's tables, for what comes in frames. Pure. */
import { countChanges, patchFiles } from '../ui/linediff.js';
import { changesOf } from '../ui/wording.js';

const TEXTS = new Set(['old', 'new', 'content', 'edits', 'patch']);
const WORD_CHARS = 160;

const cut = (text) => (text.length <= WORD_CHARS ? text : `${text.slice(0, WORD_CHARS - 1)}…`);

/** @param {any} input */
export function wordsOf(input) {
  if (!input || typeof input !== 'object' || Array.isArray(input)) return cut(String(input ?? ''));
  const paths = typeof input.patch === 'string' ? { paths: patchFiles(input.patch).map(({ path }) => cut(path)) } : {};
  const words = Object.entries({ ...input, ...paths }).filter(([name]) => !TEXTS.has(name)).slice(0, 6);
  return Object.fromEntries(words.map(([name, value]) => [name, typeof value === 'string' ? cut(value) : value]));
}

/** @param {string} tool @param {any} input @returns {[number|null, number|null]} lines added and removed, null for what is no edit */
export function changedLines(tool, input) {
  const changes = changesOf({ name: tool, args: input });
  if (!changes.length) return [null, null];
  const { added, removed } = countChanges(changes);
  return [added, removed];
}
