/**
 * The lines that a tool call takes away and puts there, by what its arguments say. Pure.
 *
 * @typedef {import('./unified.js').Line} Line
 * @typedef {import('../ui/tool_labels.js').Call} Call
 */
import { argsOf, labelsOf } from '../ui/tool_labels.js';
import { linesOf, linesWithNames, patchedPaths } from './unified.js';

const COUNTS = /: \+(\d+) -(\d+)\./g;

/** The lines that a call changes, with some around them; none for what is no edit. @param {Call} call @returns {Line[]} */
export function changesOf(call, context = 3) {
  if (labelsOf(call).view === 'patch') return linesWithNames(String(argsOf(call).patch ?? ''));
  return replacements(call).flatMap(({ before, after }) => lineDiff(before, after, context));
}

/** What one would copy of a change: the new text, or the patch. @param {Call} call */
export function changedText(call) {
  if (labelsOf(call).view === 'patch') return String(argsOf(call).patch ?? '');
  return replacements(call)
    .map(({ after }) => after)
    .join('\n');
}

/**
 * How many lines came and went. A result that counts them knows better: what a whole file replaced is not in the call.
 * @param {Call} call @param {string} [output] of the result
 */
export function changeCounts(call, output = '') {
  const told = [...output.matchAll(COUNTS)];
  if (!told.length) return countLines(changesOf(call, 0));
  const sum = (group) => told.reduce((total, match) => total + Number(match[group]), 0);
  return { added: sum(1), removed: sum(2) };
}

/** The files that a call changes, by what its arguments say. @param {Call} call @returns {string[]} */
export function changedPaths(call) {
  const args = argsOf(call);
  const paths = labelsOf(call).view === 'patch' ? patchedPaths(String(args.patch ?? '')) : [args.to ?? args.path];
  return paths.filter((path) => typeof path === 'string' && path).map((path) => path.replace(/^(\.\/)+/, ''));
}

/** @param {Line[]} lines @returns {{added: number, removed: number}} */
export function countLines(lines) {
  const count = (kind) => lines.filter((line) => line.kind === kind).length;
  return { added: count('add'), removed: count('del') };
}

/** @param {Call} call @returns {{before: string, after: string}[]} */
function replacements(call) {
  const { view } = labelsOf(call);
  const args = argsOf(call);
  if (view === 'content') return [{ before: '', after: String(args.content ?? '') }];
  if (view !== 'replacement') return [];
  const edits = Array.isArray(args.edits) ? args.edits : [args];
  return edits.map((edit) => ({ before: String(edit?.old ?? ''), after: String(edit?.new ?? '') }));
}

/**
 * Old and new text lie at the same place, so what they share at both ends is context and the rest is the change.
 * @param {string} before @param {string} after @returns {Line[]}
 */
function lineDiff(before, after, context = 3) {
  const [old, fresh] = [linesOf(before), linesOf(after)];
  let head = 0;
  while (head < old.length && head < fresh.length && old[head] === fresh[head]) head += 1;
  let tail = 0;
  const room = Math.min(old.length, fresh.length) - head;
  while (tail < room && old.at(-1 - tail) === fresh.at(-1 - tail)) tail += 1;
  /** @param {Line['kind']} kind @param {string[]} texts @returns {Line[]} */
  const lines = (kind, texts) => texts.map((text) => ({ kind, text }));
  return [
    ...lines('same', old.slice(Math.max(0, head - context), head)),
    ...lines('del', old.slice(head, old.length - tail)),
    ...lines('add', fresh.slice(head, fresh.length - tail)),
    ...lines('same', old.slice(old.length - tail, old.length - tail + context)),
  ];
}
