/** The row at a turn's end: how its check went, how long it took, what it used. */
import { changeCounts, changedPaths } from '../../diff/call_changes.js';
import { buildVerdict } from './build_result.js';
import { durationOf, usageOf } from './conversation.js';
import { h, icon } from '../dom.js';
import { atLeast, cost, counted, durationWords, modelWords, tokens } from '../format.js';
import { copyAnswer } from './messages.js';
import { labelsOf } from '../tool_labels.js';

/**
 * @typedef {object} Ended
 * @property {import('./conversation.js').Turn} turn
 * @property {any} answer its last step
 * @property {(() => void)|null} again asks the model once more, where that makes sense
 * @property {() => string} content what the answer says by now
 * @property {any[]} calls of all its steps
 * @property {any[]} checks traces of the checks that BooCode ran
 * @property {(call: any) => any} traceOf
 * @property {(call: any) => any} resultOf the message with the call's result
 */

/** @param {HTMLElement} foot @param {Ended} ended */
export function showTurnEnd(foot, { turn, answer, again, content, calls, checks, traceOf, resultOf }) {
  const used = usageOf(turn.steps);
  const results = calls.map(resultOf).filter(Boolean);
  const waitedMs = [...calls.map(traceOf), ...checks].reduce((sum, trace) => sum + (trace?.wait_ms ?? 0), 0);
  const words = [
    wasStopped(answer, traceOf) && 'stopped',
    durationWords(durationOf(turn, results, checks), waitedMs),
    calls.length + checks.length > 0 && counted(calls.length + checks.length, 'tool call'),
    used.tokens.known > 0 && `${atLeast(used.tokens, tokens)} tokens`,
    used.answers > 0 && cost(used.cost),
  ];
  const [verdict, ...errors] = buildVerdict(answer.metadata?.build);
  const model = h('span.model', {}, modelWords(answer.model ?? ''));
  const facts = [verdict, ...words.filter(Boolean).map((word) => h('span', {}, word)), model].filter(Boolean);
  const shown = [Boolean(again), ...[...facts, ...errors].map((part) => part.textContent)].join();
  if (foot.dataset.words === shown) return;
  foot.dataset.words = shown;
  const buttons = [again && againButton(again), answer.content && copyAnswer(content)];
  const changed = changedFiles(calls, traceOf, resultOf);
  if (changed && turn.turnId) buttons.push(changesButton(foot, turn.turnId, changed));
  foot.replaceChildren(
    ...[
      ...buttons,
      h('div.facts', { title: facts.map((part) => part.textContent).join(' · ') }, ...facts),
      ...errors,
    ].filter(Boolean),
  );
}

/** It waited for the turn before it, and was stopped together with that. @param {HTMLElement} foot @param {() => void} again */
export function showNeverBegan(foot, again) {
  if (foot.dataset.words === 'never') return;
  foot.dataset.words = 'never';
  foot.replaceChildren(againButton(again), h('span', {}, 'Stopped before it began'));
}

function againButton(again) {
  return h('button.quiet', { type: 'button', onclick: again }, icon('again'), 'Ask again');
}

/** What the calls say that they changed; null where they changed no file. */
function changedFiles(calls, traceOf, resultOf) {
  const worked = calls.filter((call) => labelsOf(call).changes_files && traceOf(call)?.status === 'ok');
  const paths = new Set(worked.flatMap((call) => changedPaths(call)));
  const counts = worked.map((call) => changeCounts(call, resultOf(call)?.tool_results?.output));
  const sum = (name) => counts.reduce((total, count) => total + count[name], 0);
  return paths.size ? { files: paths.size, added: sum('added'), removed: sum('removed') } : null;
}

/** Opens one diff of the whole turn below the row; what it is made of is loaded then. */
function changesButton(foot, turnId, { files, added, removed }) {
  const button = h(
    'button.quiet.changes',
    { type: 'button', 'aria-expanded': 'false', title: 'What this turn changed' },
    h('b', {}, counted(files, 'file'), ' ', h('span.plus', {}, `+${added}`), ' ', h('span.minus', {}, `−${removed}`)),
  );
  button.addEventListener('click', async () => {
    const { toggleTurnChanges } = await import('./turn_changes.js');
    await toggleTurnChanges(foot, button, turnId);
  });
  return button;
}

/** While a tool ran, that is: a step that was cut says so itself. */
function wasStopped(answer, traceOf) {
  return (answer.tool_calls ?? []).some((call) => traceOf(call)?.status === 'cancelled');
}

/** For readers who do not see the page: how the last turn ended. @param {import('./transcript.js').Transcript} transcript */
export function endWords(transcript) {
  const turn = transcript.turns.findLast((one) => one.steps.length);
  const last = turn?.steps.at(-1);
  if (last?.status === 'failed') return `The turn failed. ${last.metadata?.error ?? ''}`;
  if (last?.status === 'cancelled') return 'The turn was stopped.';
  return 'The answer is complete.';
}
