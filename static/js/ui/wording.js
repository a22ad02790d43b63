/**
 * Names a tool call by what it does, for people: `Edited pricing.py +1 −1`, `Ran python3 -m unittest → exit 1`. Pure.
 *
 * @typedef {object} Words
 * @property {string} icon
 * @property {string} verb
 * @property {string} target path, command or pattern
 * @property {string} detail what else belongs on the line
 *
 * @typedef {'pending'|'running'|'waiting'|'ok'|'error'|'timeout'|'denied'|'cancelled'|'interrupted'} Status of a trace
 */
import { countChanges, lineDiff, patchFiles, patchLines } from './linediff.js';
import { oneLine } from './plaintext.js';

/** tool: [icon, while it runs, when it is done, when it did not work, when it waits for permission] */
const VERBS = {
  __proto__: null, // a model may call for a tool named `constructor`
  read_file: ['file', 'Reading', 'Read', 'Could not read', 'Wants to read'],
  list_files: ['list', 'Listing', 'Listed', 'Could not list', 'Wants to list'],
  search_files: ['search', 'Searching for', 'Searched for', 'Could not search for', 'Wants to search for'],
  write_file: ['pencil', 'Writing', 'Wrote', 'Could not write', 'Wants to write'],
  edit_file: ['pencil', 'Editing', 'Edited', 'Could not edit', 'Wants to edit'],
  apply_patch: ['pencil', 'Patching', 'Patched', 'Could not patch', 'Wants to patch'],
  delete_file: ['trash', 'Deleting', 'Deleted', 'Could not delete', 'Wants to delete'],
  move_file: ['file', 'Moving', 'Moved', 'Could not move', 'Wants to move'],
  run_command: ['terminal', 'Running', 'Ran', 'Ran', 'Wants to run'],
  background: ['terminal', 'Looking at', 'Looked at', 'Could not look at', 'Wants to look at'],
  'background stop': ['stop', 'Stopping', 'Stopped', 'Could not stop', 'Wants to stop'],
  git_status: ['list', 'Looking at git status', 'Looked at git status', 'Could not ask git for its status', 'Wants to look at git status'],
  git_diff: ['list', 'Looking at the git diff', 'Looked at the git diff', 'Could not ask git for a diff', 'Wants to look at the git diff'],
  check: ['check', 'Checking with', 'Checked with', 'Checked with', 'Wants to check with'],
  todo: ['list', 'Updating the to-do list', 'Updated the to-do list', 'Could not update the to-do list', 'Wants to update the to-do list'],
};

const OTHERS = ['wrench', 'Using', 'Used', 'Could not use', 'Wants to use'];

/** @param {{name: string, args: any}} call @param {Status} status @returns {Words} */
export function wordsFor(call, status) {
  const args = argsOf(call);
  const [icon, doing, done, failed, asking] = VERBS[verbOf(call.name, args)] ?? OTHERS;
  const verb = { running: doing, waiting: asking, pending: asking.replace('Wants to', 'Will'), denied: asking.replace('Wants', 'Wanted'), ok: done }[status] ?? failed;
  return { icon, verb, target: targetOf(call.name, args), detail: detailOf(call.name, args) };
}

const verbOf = (name, args) => (name === 'background' && args.id && args.stop === true ? 'background stop' : name);

/** Arguments as an object; what the model wrote instead of JSON goes under `text`. @returns {Record<string, any>} */
export function argsOf({ args }) {
  if (args && typeof args === 'object') return args;
  try {
    const parsed = JSON.parse(args);
    if (parsed && typeof parsed === 'object') return parsed;
  } catch {
    // not JSON: shown as it is
  }
  return args ? { text: String(args) } : {};
}

function targetOf(name, args) {
  if (name === 'run_command') return oneLine(commandOf(args));
  if (name === 'check') return oneLine(checkOf(args)) || 'the project’s check';
  if (name === 'search_files') return oneLine(args.pattern ?? args.query ?? args.text ?? '', 80);
  if (name === 'move_file') return `${oneLine(args.source ?? args.path ?? '')} → ${oneLine(args.destination ?? args.to ?? '')}`;
  if (name === 'list_files') return !args.path || args.path === '.' ? '' : oneLine(args.path);
  if (name === 'background') return oneLine(args.id ?? '');
  if (name === 'apply_patch') return oneLine(patchedPaths(args).join(', '));
  if (name in VERBS) return oneLine(args.path ?? args.text ?? '');
  return name;
}

/** The command as one would type it. @param {Record<string, any>} args */
export function commandOf(args) {
  const command = args.command ?? args.args ?? args.argv ?? args.text ?? '';
  return Array.isArray(command) ? command.map(quoted).join(' ') : String(command);
}

/** The project's check as one would type it. @param {Record<string, any>} args */
export function checkOf(args) {
  if (args.label) return String(args.label);
  return Array.isArray(args.command) ? args.command.map((word) => (word === '&&' ? word : quoted(word))).join(' ') : '';
}

const quoted = (word) => (/^[\w@%+=:,./-]+$/.test(String(word)) ? String(word) : `'${String(word).replaceAll("'", "'\\''")}'`);

function detailOf(name, args) {
  if (name === 'read_file') return rangeOf(args);
  if (name === 'list_files') return !args.path || args.path === '.' ? 'the project’s files' : '';
  if (name === 'search_files') return [args.path && args.path !== '.' && `in ${oneLine(args.path)}`, args.glob && `(${oneLine(args.glob)})`].filter(Boolean).join(' ');
  if (name === 'run_command') return [args.directory && args.directory !== '.' && `in ${oneLine(args.directory)}`, args.background === true && 'in the background'].filter(Boolean).join(', ');
  if (name === 'background') return args.id ? '' : 'what runs in the background';
  if (name === 'check') return args.attempt === 0 ? 'before the first change' : '';
  if (name === 'todo' && Array.isArray(args.items)) return `${args.items.filter((item) => item?.state === 'done').length} of ${args.items.length} done`;
  return '';
}

function rangeOf(args) {
  const first = args.start_line ?? args.first_line ?? args.from_line ?? args.offset ?? args.start;
  const last = args.end_line ?? args.last_line ?? args.to_line ?? args.end ?? (args.limit && (first ?? 1) + args.limit - 1);
  if (first && last) return `${first}–${last}`;
  return first ? `from ${first}` : last ? `1–${last}` : '';
}

/** How it ended, when that is worth a word. @param {object|null} trace @param {string|null|undefined} error of the result */
export function outcomeOf(call, trace, error) {
  switch (trace?.status) {
    case 'timeout': return 'stopped: time was up';
    case 'denied': return 'denied';
    case 'cancelled': return 'stopped';
    case 'interrupted': return call.name === 'run_command' ? 'interrupted; it may have run' : 'interrupted';
  }
  const code = trace?.exit_code;
  if (code !== null && code !== undefined && trace.status !== 'running') return `exit ${code}`;
  if (call.name === 'run_command' && (trace?.status === 'error' || error)) return 'failed';
  return '';
}

/** What an edit replaces, as pairs. @returns {{before: string, after: string}[]} */
export function editsOf(call) {
  const args = argsOf(call);
  const pair = (edit) => ({
    before: String(edit.old_text ?? edit.old_string ?? edit.old ?? edit.search ?? ''),
    after: String(edit.new_text ?? edit.new_string ?? edit.new ?? edit.replace ?? ''),
  });
  if (call.name === 'write_file') return [{ before: '', after: String(args.content ?? '') }];
  if (call.name !== 'edit_file') return [];
  return Array.isArray(args.edits) ? args.edits.map(pair) : [pair(args)];
}

/** The files that a patch changes; the traces' tables have their names only. @param {Record<string, any>} args @returns {string[]} */
const patchedPaths = (args) => (Array.isArray(args.paths) ? args.paths : patchFiles(String(args.patch ?? '')).map(({ path }) => path));

/** The lines that a call takes away and puts there; none for what is no edit. @returns {import('./linediff.js').Line[]} */
export function changesOf(call, context = 3) {
  if (call.name !== 'apply_patch') return editsOf(call).flatMap(({ before, after }) => lineDiff(before, after, context));
  return patchLines(String(argsOf(call).patch ?? ''));
}

/** What one would copy of an edit: the new text, or the patch. @returns {string} */
export const changedText = (call) => (call.name === 'apply_patch' ? String(argsOf(call).patch ?? '') : editsOf(call).map((edit) => edit.after).join('\n'));

const COUNTS = /: \+(\d+) -(\d+)\./g;

/**
 * Lines that came and went. A result that counts them knows better: what a whole file replaced is not in the call.
 *
 * @param {{name: string, args: any}} call
 * @param {string} [output] of the result
 */
export function changeCounts(call, output = '') {
  const told = [...output.matchAll(COUNTS)];
  if (!told.length) return countChanges(changesOf(call, 0));
  const sum = (group) => told.reduce((total, match) => total + Number(match[group]), 0);
  return { added: sum(1), removed: sum(2) };
}

/** The rule that fits this very call and no other; empty where it takes more than one. As the server makes it. */
export function exactPattern(call) {
  const args = argsOf(call);
  const isCommand = call.name === 'run_command' || call.name === 'check';
  const words = isCommand ? args.command : [args.path];
  if (call.name === 'move_file' || !Array.isArray(words) || !words.length || words.some((word) => typeof word !== 'string')) return '';
  return words.map((word) => quoted(word.replace(/[*?[]/g, '[$&]'))).join(' ');
}
