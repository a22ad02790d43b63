/** One line of the list as DOM: what was done, when and for how long, what it used. */
import { h, icon } from '../../ui/dom.js';
import { clock, counted, duration, ticking, tokens } from '../../ui/format.js';
import { oneLine } from '../../ui/plain_text.js';
import { outcomeOf, wordsFor } from '../../ui/tool_labels.js';
import { AT_WORK, FAILED } from '../../stream/trace_store.js';
import { endOf, partsOfCall, partsOfStep, waitOf } from '../timing.js';
import { bar, sumBar, ticksOf } from './bars.js';
import { costWords, stepTokens, tokenBar } from './amounts.js';

const STATUS_WORDS = {
  queued: 'waits its turn',
  running: 'running',
  waiting: 'needs you',
  complete: 'done',
  cancelled: 'stopped',
  failed: 'failed',
  error: 'failed',
  interrupted: 'interrupted',
  ok: 'done',
  timeout: 'time was up',
  denied: 'denied',
};

/**
 * @param {import('./lines.js').Line} line
 * @param {object} view
 * @param {number} view.now
 * @param {(turn: any) => {axis: import('./axis.js').Axis, view: [number, number]}} view.axisOf
 * @param {number} view.longestTurn ms
 * @param {number} view.timeWidth px of the bars' column
 * @param {number|null} view.longestCall ms where bars begin at the left, null where they lie on their turn's axis
 * @param {number} view.mostTokens of a step
 * @param {(id: string) => string} view.chatName empty where there is one chat only
 * @returns {HTMLElement}
 */
export function rowFor(line, view) {
  return BUILD[line.kind](line, view);
}

const BUILD = { turn: turnRow, axis: axisRow, step: stepRow, call: callRow, note: noteRow, more: moreRow };

const cell = (name, ...children) => h(`div.${name}`, { role: 'gridcell' }, ...children);

/** When it began is told where one points. */
function tookCell(words, started) {
  const element = cell('took', words);
  element.title = `Began ${clock(started)}`;
  return element;
}

function row(line, classes, ...cells) {
  const props = { role: 'row', 'aria-level': line.level, id: `line-${line.key.replaceAll(' ', '-')}` };
  if (line.open !== undefined) props['aria-expanded'] = String(line.open);
  const element = h(`div.trace-line.level-${line.level}.of-${line.kind}`, props, ...cells);
  element.classList.add(...classes.filter(Boolean));
  element.dataset.key = line.key;
  return element;
}

const chevron = (line) =>
  h(
    'span.chevron',
    line.open === undefined ? {} : { 'data-toggle': '' },
    line.open === undefined ? null : icon('chevron'),
  );

function turnRow(line, view) {
  const { turn } = line;
  const atWork = AT_WORK.has(turn.status);
  const took = atWork
    ? turn.started_at
      ? ticking(Math.max(0, view.now - Date.parse(turn.started_at)))
      : ''
    : duration(turn.duration_ms);
  const used = (turn.tokens?.prompt ?? 0) + (turn.tokens?.completion ?? 0);
  const name = view.chatName(turn.chat_id);
  return row(
    line,
    [turn.status === 'failed' && 'failed', turn.status],
    cell(
      'name',
      chevron(line),
      atWork
        ? h('span.dot', { class: `dot ${turn.status}` })
        : icon(turn.status === 'failed' ? 'alert' : turn.status === 'cancelled' ? 'stop' : 'thought'),
      h(
        'span.words',
        {},
        h('span.verb', {}, oneLine(turn.title || 'A turn', 120)),
        name && h('span.faint', {}, ` ${name}`),
      ),
      h('span.facts', {}, ...turnFacts(turn)),
      h('time.at', {}, clock(turn.started_at ?? turn.queued_at)),
      line.open !== undefined &&
        turn.last_error &&
        (turn.failures > 0 || turn.status === 'failed') &&
        h('span.last', {}, oneLine(turn.last_error, 200)),
    ),
    cell('time', sumBar(turn, view.longestTurn, view.now)),
    cell('took', took),
    cell('tokens', used ? `${tokens(used)} tokens` : ''),
    cell('cost', costWords(turn.cost_usd, turn.unpriced_steps, turn.model)),
  );
}

function turnFacts(turn) {
  const words = [turn.status !== 'complete' && STATUS_WORDS[turn.status], turn.calls > 0 && counted(turn.calls, 'call')]
    .filter(Boolean)
    .join(' · ');
  return [words, turn.failures > 0 && h('span.bad', {}, `${words && ' · '}${turn.failures} failed`)].filter(Boolean);
}

function axisRow(line, view) {
  const { turn } = line;
  const { axis, view: shown } = view.axisOf(turn);
  const parts = [
    ['model', turn.model_ms],
    ['tools', turn.tool_ms],
    ['waited for you', turn.wait_ms],
    ['BooCode itself', ownOf(turn)],
    ['in the queue', turn.queue_ms],
  ];
  const words = parts
    .filter(([, ms]) => ms >= 1)
    .map(([name, ms]) => `${name} ${duration(ms)}`)
    .join(' · ');
  const zoomed = shown[0] > 0 || shown[1] < 1;
  return row(
    line,
    [zoomed && 'zoomed'],
    cell('name', h('span.words.faint', { title: words }, words)),
    cell('time', ticksOf(axis, shown, view.timeWidth)),
    cell(
      'zoom',
      zoomButton('zoom-out', 'Zoom out', '−', !zoomed),
      zoomButton('zoom-in', 'Zoom in', '+', false),
      zoomed && zoomButton('zoom-fit', 'Show the whole turn', 'all', false),
    ),
  );
}

/** What is left of a turn that is over: with it, its times add up. */
const ownOf = (turn) => (turn.finished_at ? turn.duration_ms - turn.model_ms - turn.tool_ms - turn.wait_ms : 0);

const zoomButton = (act, label, text, disabled) =>
  h(
    'button.quiet',
    { type: 'button', 'data-act': act, 'aria-label': label, title: label, tabindex: '-1', disabled },
    text,
  );

function stepRow(line, view) {
  const { turn, step } = line;
  const running = step.status === 'running';
  const failed = step.status === 'error' || step.status === 'interrupted';
  const ended = step.calls
    ? counted(step.calls, 'call')
    : running
      ? step.first_token_ms === null
        ? 'waits for the model'
        : 'writes'
      : failed
        ? STATUS_WORDS[step.status]
        : step.status === 'cancelled'
          ? 'stopped'
          : 'answer';
  return row(
    line,
    [failed && 'failed', running && 'running'],
    cell(
      'name',
      chevron(line),
      running ? h('span.spinner') : icon(failed ? 'alert' : 'ghost'),
      h('span.words', {}, h('span.verb', {}, `Step ${step.number}`), h('span.faint', {}, ` → ${ended}`)),
      step.error && h('span.last', {}, oneLine(step.error, 200)),
    ),
    cell('time', bar(partsOfStep(step, view.now), view.axisOf(turn))),
    tookCell(running ? ticking(view.now - step.started) : duration(step.duration_ms), step.started),
    cell('tokens', tokenBar(step, view.mostTokens), h('span.number', { title: stepTokens(step) }, inOut(step))),
    cell('cost', running ? '' : costWords(step.cost_usd, 0, step.model)),
  );
}

const inOut = (step) =>
  step.prompt === null && step.completion === null
    ? step.status === 'running'
      ? ''
      : 'unknown'
    : `${tokens(step.prompt ?? 0)} → ${tokens(step.completion ?? 0)}`;

function callRow(line, view) {
  const { turn, call } = line;
  const status = call.asks ? 'waiting' : call.status;
  const { verb, target, detail, icon: picture } = wordsFor({ name: call.tool, args: call.input }, status);
  const failed = FAILED.has(status);
  const running = status === 'running';
  const outcome = outcomeOf({ name: call.tool, args: call.input }, call, call.last_line);
  const said = failed ? call.last_line : running && call.said;
  const time =
    view.longestCall === null
      ? bar(partsOfCall(call, view.now), view.axisOf(turn))
      : bar(fromZero(call, view.now), { scale: view.longestCall });
  return row(
    line,
    [failed && 'failed', !failed && ['waiting', 'denied', 'cancelled'].includes(status) && 'odd', running && 'running'],
    cell(
      'name',
      h('span.chevron'),
      running ? h('span.spinner') : icon(failed ? 'alert' : picture),
      h(
        'span.words',
        {},
        h('span.verb', {}, verb),
        target && h('span.target', {}, ` ${target}`),
        detail && h('span.faint', {}, ` ${detail}`),
      ),
      call.added > 0 && h('span.plus', {}, `+${call.added}`),
      call.removed > 0 && h('span.minus', {}, `−${call.removed}`),
      outcome && h('span.outcome', {}, `→ ${outcome}`),
      said && h('span.last', {}, oneLine(said, 200)),
    ),
    cell('time', time),
    tookCell(running || call.asks ? ticking(view.now - call.started) : duration(call.duration_ms), call.started),
    cell('tokens', contextCost(call)),
    cell('cost'),
  );
}

function fromZero(call, now) {
  const wait = waitOf(call, now);
  const whole = endOf(call, now) - call.started;
  return [
    { kind: 'approval', start: 0, end: wait },
    { kind: 'execution', start: wait, end: whole },
  ].filter((part) => part.end > part.start || part.kind === 'execution');
}

function contextCost(call) {
  const { context_tokens: added, carried_steps: carried } = call;
  if (added === null || added === undefined) return null;
  const words = `Added ${counted(added, 'token')} to the context${carried === null ? '' : `, carried by ${counted(carried, 'later request')}`}`;
  return h('span.context', { title: words }, `+${tokens(added)}`, carried > 0 && h('span.faint', {}, ` × ${carried}`));
}

function noteRow(line) {
  return row(line, [], cell('name', h('span.spinner'), h('span.words.faint', {}, line.words)));
}

function moreRow(line) {
  return row(
    line,
    [],
    cell('name', h('button.quiet', { type: 'button', 'data-act': 'more', tabindex: '-1' }, icon('down'), line.words)),
  );
}
