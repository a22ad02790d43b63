/**
 * Names a tool call by what it does, for people: `Edited pricing.py`, `Ran python3 -m unittest`. Pure.
 * The words of each tool come from the server; no tool is known here by its name.
 *
 * @typedef {object} Labels
 * @property {string} icon
 * @property {string} doing verb while it runs
 * @property {string} done verb when it worked
 * @property {string} failed verb when it did not
 * @property {string} asking verb while it waits for permission, beginning with `Wants to`
 * @property {string[]} target arguments whose values are shown, joined by an arrow
 * @property {string} target_default shown where none of them has a value
 * @property {string[]} target_hidden values that are not shown
 * @property {number} target_chars the most that are shown of each value
 * @property {Detail[]} details what else belongs on the line
 * @property {string} detail_joiner
 * @property {''|'command'|'check'|'content'|'replacement'|'patch'|'checklist'} view how the open card shows the input:
 *   as JSON, as a command line, as command lines joined by a bare `&&`, as a whole file's new text (`content`), as old
 *   and new text (`old` and `new`, or a list of both in `edits`), as a unified diff (`patch`), as `items` with a `state`
 * @property {boolean} changes_files whether it changed files where it worked
 * @property {boolean} automatic BooCode makes the call, so that no message names it
 * @property {string} rule_from the argument that makes the rule for exactly this call; empty where none does
 * @property {string} rule_name how a list of rules calls the tool; empty for its own name
 * @property {Variant[]} variants the first that fits takes the place of what it names
 *
 * @typedef {object} Detail
 * @property {string} argument
 * @property {string} text `{}` stands for the value, `{count}` and `{done}` for the items of a list and those done; a
 *   text without any is shown where the value is true
 * @property {string[]} [hidden] values that count as missing
 * @property {string} [default] shown where the argument is missing
 * @property {unknown} [equals] the only value that the text is shown for
 * @property {string} [length] the argument that says how many lines are meant from this one on, which are shown as
 *   `first–last`; `text` is for where it is missing
 *
 * @typedef {{argument: string, requires?: string[], labels: Partial<Labels>}} Variant fits where `argument` is true or a
 *   text and none that it requires is empty
 *
 * @typedef {{name: string, args: any}} Call
 *
 * @typedef {object} Words
 * @property {string} icon
 * @property {string} verb
 * @property {string} target path, command or pattern
 * @property {string} detail what else belongs on the line
 *
 * @typedef {'pending'|'running'|'waiting'|'ok'|'error'|'timeout'|'denied'|'cancelled'|'interrupted'|'unrun'} Status of a trace;
 *   `unrun`: the turn ended before the call began
 */
import { patchedPaths } from '../diff/unified.js';
import { oneLine } from './plain_text.js';

/** What holds where a tool's labels do not say otherwise. @type {Labels} */
const UNLABELLED = {
  icon: 'wrench',
  doing: 'Using',
  done: 'Used',
  failed: 'Could not use',
  asking: 'Wants to use',
  target: [],
  target_default: '',
  target_hidden: [],
  target_chars: 160,
  details: [],
  detail_joiner: ', ',
  view: '',
  changes_files: false,
  automatic: false,
  rule_from: 'path',
  rule_name: '',
  variants: [],
};

/** What the server tells the model of calls that Stop left undone. */
const STOPPED = 'Stopped by the person.';

/** @type {Map<string, Partial<Labels>>} */
let table = new Map();

/** Takes the labels that the server sent with the page. @param {Record<string, Partial<Labels>>} labels by tool */
export function useLabels(labels) {
  table = new Map(Object.entries(labels));
}

/** @param {Call} call @returns {Labels} for this call; for one of an unknown tool, which is shown by its name */
export function labelsOf({ name, args }) {
  const own = table.get(name);
  const labels = { ...UNLABELLED, ...(own ?? { target_default: name }) };
  const given = argsOf({ args });
  const variant = labels.variants.find(({ argument, requires = [] }) => {
    const value = given[argument];
    return (value === true || (value && typeof value === 'string')) && requires.every((other) => given[other]);
  });
  return { ...labels, ...variant?.labels };
}

/** How a list of rules names a tool. @param {string} tool */
export const ruleName = (tool) => (tool === '*' ? 'every tool' : table.get(tool)?.rule_name || tool);

/** Whether BooCode makes calls of this tool by itself. @param {string} tool */
export const isAutomatic = (tool) => Boolean(table.get(tool)?.automatic);

/** @param {Call} call @param {Status|string} status @returns {Words} */
export function wordsFor(call, status) {
  const labels = labelsOf(call);
  const verbs = {
    running: labels.doing,
    waiting: labels.asking,
    pending: labels.asking.replace('Wants to', 'Will'),
    denied: labels.asking.replace('Wants', 'Wanted'),
    ok: labels.done,
    unrun: ['Not run:', labels.asking.replace(/^Wants to (?:run$)?/, '')].filter(Boolean).join(' '),
  };
  const target = targetValues(call).map((value) => oneLine(value, labels.target_chars));
  return {
    icon: labels.icon,
    verb: verbs[status] ?? labels.failed,
    target: target.join(' → ') || labels.target_default,
    detail: detailOf(labels, argsOf(call)),
  };
}

/** What the call is about, whole: the command as one would type it, the path. @param {Call} call */
export const targetText = (call) => targetValues(call).join(' → ');

const SHORT_CHARS = 120;

/** Whether the call's line can show what it is about as it was typed, so that nothing has to repeat it. @param {Call} call */
export function fitsOnLine(call) {
  const text = targetText(call);
  return text.length <= SHORT_CHARS && !text.includes('\n');
}

/** A reason that does not say again what the call's line says already. @param {string} reason @param {Call} call */
export function withoutTarget(reason, call) {
  const target = [targetText(call), serverText(call)].find((text) => text && reason.startsWith(`${text} `));
  return target ? `This ${reason.slice(target.length)}`.replace('This  ', 'This ') : reason;
}

/** Why a call never began, from what the model was told of it. @param {string|null|undefined} error @param {string} step status of the message that made it */
export function unrunReason(error, step) {
  if (step === 'cancelled' || error === STOPPED) return 'you stopped';
  if (step === 'interrupted') return 'the server was restarted';
  return 'the turn ended';
}

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

/** @param {Call} call @returns {string[]} */
function targetValues(call) {
  const { target, target_hidden, view } = labelsOf(call);
  if (!table.has(call.name)) return [];
  const args = argsOf(call);
  const given = view === 'patch' ? { ...args, paths: pathsOf(args).join(', ') } : args;
  const values = target
    .map((name) => valueText(given[name], view))
    .filter((value) => value && !target_hidden.includes(value));
  return values.length || !args.text ? values : [valueText(args.text, view)];
}

/** The files that a patch changes; the traces' tables have their names only. @param {Record<string, any>} args @returns {string[]} */
const pathsOf = (args) => (Array.isArray(args.paths) ? args.paths : patchedPaths(String(args.patch ?? '')));

/** A list is shown as a command line. @param {unknown} value @param {string} view */
function valueText(value, view) {
  if (value === undefined || value === null) return '';
  if (!Array.isArray(value)) return typeof value === 'string' ? value : JSON.stringify(value);
  return value.map((word) => (word === '&&' && view === 'check' ? word : typed(word))).join(' ');
}

/** A word of a command as one would type it: in double quotes where it holds single ones. */
const typed = (word) => (String(word).includes("'") && !/["$`\\!]/.test(String(word)) ? `"${word}"` : quoted(word));

/** As the server quotes a command in its sentences (Python's `shlex.join`). @param {Call} call */
const serverText = (call) => {
  const { command } = argsOf(call);
  return Array.isArray(command) ? command.map((word) => quoted(word).replaceAll("'\\''", `'"'"'`)).join(' ') : '';
};

const quoted = (word) =>
  /^[\w@%+=:,./-]+$/.test(String(word)) ? String(word) : `'${String(word).replaceAll("'", "'\\''")}'`;

/** @param {Labels} labels @param {Record<string, any>} args */
function detailOf({ details, detail_joiner }, args) {
  return details
    .map((detail) => detailText(detail, args))
    .filter(Boolean)
    .join(detail_joiner);
}

/** @param {Detail} detail @param {Record<string, any>} args */
function detailText({ argument, text, hidden = [], default: missing = '', equals, length }, args) {
  const value = args[argument];
  if (equals !== undefined) return value === equals ? text : '';
  if (length && args[length]) return `${value || 1}–${(value || 1) + args[length] - 1}`;
  if (!value || hidden.includes(value)) return missing;
  if (Array.isArray(value)) {
    const done = value.filter((item) => item?.state === 'done').length;
    return text.replace('{count}', String(value.length)).replace('{done}', String(done));
  }
  if (text.includes('{count}')) return missing;
  if (text.includes('{}')) return text.replace('{}', () => oneLine(value));
  return value === true ? text : '';
}

/**
 * How the call ended, when that is worth a word.
 * @param {Call} call @param {any} trace @param {string|null|undefined} error of the result
 */
export function outcomeOf(call, trace, error) {
  const isCommand = labelsOf(call).view === 'command';
  switch (trace?.status) {
    case 'timeout':
      return 'stopped: time was up';
    case 'denied':
      return 'denied';
    case 'cancelled':
      return 'stopped';
    case 'interrupted':
      return isCommand ? 'interrupted; it may have run' : 'interrupted';
  }
  const code = trace?.exit_code;
  if (code !== null && code !== undefined && trace.status !== 'running') return `exit ${code}`;
  return isCommand && (trace?.status === 'error' || error) ? 'failed' : '';
}

/** The rule that fits this very call and no other, as the server makes it; empty where there is none. @param {Call} call */
export function exactPattern(call) {
  const { rule_from } = labelsOf(call);
  if (!rule_from) return '';
  const value = argsOf(call)[rule_from];
  const words = rule_from === 'command' ? value : [value];
  if (!Array.isArray(words) || !words.length || words.some((word) => typeof word !== 'string')) return '';
  return words.map((word) => quoted(word.replace(/[*?[]/g, '[$&]'))).join(' ');
}
