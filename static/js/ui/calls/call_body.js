/** The inside of a tool call's card: what it was asked, what came of it, and what it cost. */
import { diffView } from '../../diff/diff_view.js';
import { copyButton, h } from '../dom.js';
import { counted, duration, tokens, workedMs } from '../format.js';
import { changedText, changesOf } from '../../diff/call_changes.js';
import { diffLines, linesWithNames } from '../../diff/unified.js';
import { terminalText, visible } from '../plain_text.js';
import { todoList } from '../chat/todo_list.js';
import { argsOf, fitsOnLine, labelsOf, targetText } from '../tool_labels.js';

const SHORT_LINES = 14;
const SHORT_CHARS = 2_000;
const DIFF_LINES = 400;

/** @param {import('./call_card.js').CallState} state @param {string} status @returns {HTMLElement} */
export function callBody(state, status) {
  const known = status === 'waiting' && state.approval?.diff;
  const what = known
    ? [section('Change', diffView(linesWithNames(known), DIFF_LINES), () => known)]
    : asked(state.call, status === 'waiting' && fitsOnLine(state.call));
  return h('div.call-body', {}, ...what, ...answered(state, status), facts(state));
}

/** @param {import('../tool_labels.js').Call} call @param {boolean} isOnLine the card's line shows all of it @returns {HTMLElement[]} */
function asked(call, isOnLine) {
  const { view } = labelsOf(call);
  const changes = changesOf(call);
  if (changes.length)
    return [
      section(view === 'content' ? 'New content' : 'Change', diffView(changes, DIFF_LINES), () => changedText(call)),
    ];
  const { items } = argsOf(call);
  if (view === 'checklist' && Array.isArray(items)) return [todoList(items)];
  if (isOnLine && (view === 'check' || view === 'command')) return [];
  const typed = targetText(call);
  const lines = h('pre', { tabindex: '0' }, visible(typed));
  if (view === 'check') return [section('Check', lines)];
  if (view === 'command') return [section('Command', lines, () => typed)];
  return [argumentsList(argsOf(call))].filter(Boolean);
}

function argumentsList(args) {
  const entries = Object.entries(args);
  if (!entries.length) return null;
  const text = (value) => visible(typeof value === 'string' ? value : JSON.stringify(value, null, 2)).slice(0, 20_000);
  return h(
    'dl',
    {},
    ...entries.flatMap(([name, value]) => [h('dt', {}, visible(name).replaceAll('_', ' ')), h('dd', {}, text(value))]),
  );
}

function answered({ result, trace, output }, status) {
  if (status === 'waiting' || status === 'pending') return [];
  if (status === 'running') return output ? [section('Output so far', folded(terminalText(output), true))] : [];
  const parts = [];
  const text = result?.output ?? trace?.output ?? '';
  const error = result?.error ?? trace?.error;
  if (error && !text.includes(error)) parts.push(h('p.fault', {}, visible(error)));
  const changes = diffLines(text);
  const remark = changes.length ? /\n(\[[^\n]*\])\s*$/.exec(text)?.[1] : '';
  if (changes.length) parts.push(section('Result', diffView(changes, DIFF_LINES), () => text));
  else if (text) parts.push(section('Result', folded(terminalText(text)), () => text));
  if (remark) parts.push(h('p.facts', {}, visible(remark)));
  if (trace?.truncated || result?.truncated) parts.push(wholeOutput(trace));
  return parts;
}

function wholeOutput(trace) {
  const words = 'The middle was left out of what the model saw.';
  if (!trace?.id) return h('p.facts', {}, words);
  const size = trace.output_bytes ? ` (${tokens(trace.output_bytes)} bytes)` : '';
  return h(
    'p.facts',
    {},
    h('span', {}, words),
    h('a', { href: `/api/traces/${trace.id}/output`, target: '_blank' }, `Open the whole output${size}`),
  );
}

/** Long text shows its first lines, or its last while it grows. @param {string} text */
function folded(text, fromEnd = false) {
  const lines = text.replace(/\n$/, '').split('\n');
  const pre = h('pre', { tabindex: '0' });
  if (lines.length <= SHORT_LINES && text.length <= SHORT_CHARS) {
    pre.textContent = text;
    return pre;
  }
  const part = fromEnd ? lines.slice(-SHORT_LINES) : lines.slice(0, SHORT_LINES);
  pre.textContent = part.join('\n').slice(0, SHORT_CHARS);
  const more = h('button.quiet', { type: 'button' }, `Show all ${counted(lines.length, 'line')}`);
  more.addEventListener('click', () => {
    pre.textContent = text;
    pre.classList.add('all');
    more.remove();
    pre.focus();
  });
  return h('div', {}, pre, more);
}

function section(title, content, copied) {
  return h('section', {}, h('div.part', {}, title, copied && copyButton(copied)), content);
}

function facts({ call, trace }) {
  const step = trace?.tokens;
  const words = [
    trace?.duration_ms !== null && trace?.duration_ms !== undefined && `took ${duration(workedMs(trace))}`,
    trace?.wait_ms ? `waited ${duration(trace.wait_ms)} for approval` : null,
    trace?.exit_code !== null && trace?.exit_code !== undefined && `exit code ${trace.exit_code}`,
    step &&
      (step.prompt ?? null) !== null &&
      `step: ${tokens(step.prompt)} tokens in, ${tokens(step.completion ?? 0)} out`,
  ];
  const link =
    trace?.id &&
    trace.chat_id &&
    h('a', { href: `/chats/${trace.chat_id}/traces?call=${trace.id}`, 'data-trace': trace.id }, 'Show in the traces');
  const path = labelsOf(call).changes_files && trace?.status === 'ok' && argsOf(call).path;
  const history =
    path &&
    h('button.quiet', { type: 'button', 'data-file-history': path.replace(/^(\.\/)+/, '') }, 'History of this file');
  return h('p.facts', {}, ...words.filter(Boolean).map((word) => h('span', {}, word)), link, history);
}
