/** A call's arguments in few words: what traces/outline.py does for the API's tables, for what comes in frames. Pure. */
import { changesOf, countLines } from '../diff/call_changes.js';
import { patchedPaths } from '../diff/unified.js';

const LONG_ARGUMENTS = new Set(['old', 'new', 'content', 'edits', 'patch']);
const ARGUMENTS = 6;
const CHARS = 160;

/** @param {string} text */
const cut = (text) => (text.length <= CHARS ? text : `${text.slice(0, CHARS - 1)}…`);

/** The short arguments; a patch has the `paths` that it changes instead. @param {any} input */
export function summarizeInput(input) {
  if (!input || typeof input !== 'object' || Array.isArray(input)) return cut(String(input ?? ''));
  const paths = typeof input.patch === 'string' ? { paths: patchedPaths(input.patch).map(cut) } : {};
  const words = Object.entries({ ...input, ...paths })
    .filter(([name]) => !LONG_ARGUMENTS.has(name))
    .slice(0, ARGUMENTS);
  return Object.fromEntries(words.map(([name, value]) => [name, typeof value === 'string' ? cut(value) : value]));
}

/** The lines that an edit adds and removes, null for what is no edit. @param {string} tool @param {any} input @returns {[number|null, number|null]} */
export function countChangedLines(tool, input) {
  const changes = changesOf({ name: tool, args: input });
  if (!changes.length) return [null, null];
  const { added, removed } = countLines(changes);
  return [added, removed];
}
