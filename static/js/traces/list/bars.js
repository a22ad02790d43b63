/** Bars and axes in the list. Sizes are set through the CSSOM, which the page's security policy allows. */
import { h } from '../../ui/dom.js';
import { duration } from '../../ui/format.js';
import { waitOf } from '../timing.js';

const NAMES = {
  queue: 'queue',
  approval: 'waiting for you',
  execution: 'at work',
  thinking: 'before the first token',
  model: 'model',
  other: 'BooCode itself',
};
const SEEN = 0.002; // of the width: what is narrower is drawn as a hairline
const CHAR_PX = 7;
const TICK_PX = 90;

function piece(kind, left, width) {
  const element = document.createElement('i');
  element.className = kind;
  element.style.left = `${left * 100}%`;
  element.style.width = `${Math.max(width, 0) * 100}%`;
  if (width < SEEN) element.classList.add('hair');
  return element;
}

const titleOf = (parts) =>
  parts
    .filter((part) => part.end > part.start)
    .map((part) => `${NAMES[part.kind]} ${duration(part.end - part.start)}`)
    .join(', ');

/**
 * @param {{kind: string, start: number, end: number}[]} parts
 * @param {{axis: import('./axis.js').Axis, view: [number, number]}|{scale: number}} place on an axis, or from the left to a scale
 */
export function bar(parts, place) {
  const element = h('div.bar', { title: titleOf(parts) });
  const at =
    'scale' in place
      ? (time) => (place.scale > 0 ? time / place.scale : 0)
      : (time) => (place.axis.at(time) - place.view[0]) / (place.view[1] - place.view[0]);
  if (!('scale' in place)) element.append(...gapMarks(place));
  for (const { kind, start, end } of parts) {
    const [left, right] = [Math.max(0, at(start)), Math.min(1, at(end))];
    if (right < 0 || left > 1 || right < left) continue;
    element.append(piece(kind, left, right - left));
  }
  if (!element.querySelector('i:not(.gap)') && parts.length)
    element.append(at(parts[0].start) < 0 ? h('span.off', {}, '‹') : h('span.off.right', {}, '›'));
  return element;
}

function gapMarks({ axis, view: [from, to] }) {
  if (axis.gaps.length > 12) return [];
  return axis.gaps.map(([start, end]) =>
    piece('gap', (axis.at(start) - from) / (to - from), (axis.at(end) - axis.at(start)) / (to - from)),
  );
}

/** A turn's time by what it went into, to the scale of the longest turn. */
export function sumBar(turn, longest, now) {
  const { model, execution, approval } = spent(turn, now);
  const other = Math.max(0, wholeOf(turn, now) - turn.queue_ms - model - execution - approval);
  const sums = [
    ['queue', turn.queue_ms],
    ['model', model],
    ['execution', execution],
    ['approval', approval],
    ['other', other],
  ];
  let start = 0;
  const parts = [];
  for (const [kind, ms] of sums) {
    if (ms > 0) parts.push({ kind, start, end: start + ms });
    start += ms;
  }
  return bar(parts, { scale: longest });
}

/** How long the bar of `sumBar` is. */
export function wholeOf(turn, now) {
  const { model, execution, approval } = spent(turn, now);
  return (
    turn.queue_ms +
    Math.max(
      model + execution + approval,
      turn.duration_ms ?? (turn.started_at && !turn.finished_at ? now - Date.parse(turn.started_at) : 0),
    )
  );
}

/** What the turn's time went into so far, with the step or the call that runs. */
function spent(turn, now) {
  const sums = { model: turn.model_ms, execution: turn.tool_ms, approval: turn.wait_ms };
  if (turn.finished_at) return sums;
  if (turn.lastStep?.status === 'running') sums.model += Math.max(0, now - turn.lastStep.started);
  const call = turn.lastCall;
  if (call?.status === 'running') {
    const wait = waitOf(call, now);
    // An approval is summed when it is given, the work when it ends.
    sums.approval += call.asks ? wait : 0;
    sums.execution += Math.max(0, now - call.started - wait);
  }
  return sums;
}

/** The axis of a turn: round times, and the idle gaps by their length. */
export function ticksOf(axis, view, width) {
  const element = h('div.ticks', { 'aria-hidden': 'true' });
  const place = (at) => (at - view[0]) / (view[1] - view[0]);
  element.append(...gapMarks({ axis, view }));
  const labels = axis.gaps.length > 12 ? [] : axis.gaps;
  const middles = labels.map(([start, end]) => place((axis.at(start) + axis.at(end)) / 2));
  let free = -1; // up to where the last label reaches
  const hidden = (left) =>
    left < -0.001 ||
    left > 1 - 40 / width ||
    middles.some((middle) => left > middle - 70 / width && left < middle + 35 / width);
  for (const { place: at, ms } of axis.ticks(view, Math.floor(width / TICK_PX))) {
    const left = place(at);
    if (hidden(left) || left < free) continue;
    free = left + (tickWords(ms).length * CHAR_PX + 12) / width;
    const mark = h('span.tick', {}, tickWords(ms));
    mark.style.left = `${left * 100}%`;
    element.append(mark);
  }
  for (const [start, end] of labels) {
    const mark = h(
      'span.gap-words',
      { title: `Idle for ${duration(end - start)}: not drawn in proportion` },
      duration(end - start),
    );
    const left = place((axis.at(start) + axis.at(end)) / 2);
    if (left < 0 || left > 1) continue;
    mark.style.left = `${left * 100}%`;
    element.append(mark);
  }
  return element;
}

/** `0`, `200 ms`, `1.5 s`, `2 min`: as many digits as the step needs. */
function tickWords(ms) {
  if (ms === 0) return '0';
  if (ms < 1000) return `${round(ms)} ms`;
  if (ms < 60_000) return `${round(ms / 1000)} s`;
  if (ms < 3_600_000)
    return `${Math.floor(ms / 60_000)} min${ms % 60_000 ? ` ${Math.round((ms % 60_000) / 1000)} s` : ''}`;
  return `${Math.floor(ms / 3_600_000)} h${ms % 3_600_000 ? ` ${Math.round((ms % 3_600_000) / 60_000)} min` : ''}`;
}

const round = (number) => String(Math.round(number * 1000) / 1000);
