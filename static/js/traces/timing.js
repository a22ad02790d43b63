/** When turns, steps and calls began and ended, and what their bars are made of. Pure; times in ms since 1970. */
import { AT_WORK, moment } from '../stream/trace_store.js';
import { gapsOf } from './list/axis.js';

/**
 * @typedef {import('../stream/trace_store.js').Turn} Turn
 * @typedef {import('../stream/trace_store.js').Step} Step
 * @typedef {import('../stream/trace_store.js').Call} Call
 * @typedef {{kind: string, start: number, end: number}} Part of a bar
 */

/** When a turn begins and ends on its axis: with its time in the queue, until now while it runs. @param {Turn} turn */
export function boundsOf(turn, now) {
  const firstStep = turn.stepMap.values().next().value?.started;
  const started = moment(turn.started_at) ?? firstStep ?? moment(turn.queued_at) ?? now;
  const begin = turn.queue_ms > 1 ? started - turn.queue_ms : started;
  const ends = [moment(turn.finished_at) ?? (AT_WORK.has(turn.status) ? now : started)];
  if (turn.lastStep) ends.push(turn.lastStep.started + (turn.lastStep.duration_ms ?? 0));
  return [begin, Math.max(begin + 1, ...ends)];
}

/** Idle times to compress: counted here once the whole turn is known, told by the server before. @param {Turn} turn */
export function turnGaps(turn, now) {
  const [begin] = boundsOf(turn, now);
  if (turn.loaded !== 'all') return queueGap(turn, begin, now);
  const steps = [...turn.stepMap.values()].map((step) => [step.started, endOf(step, now)]);
  const calls = [...turn.callMap.values()].map((call) => [
    Math.min(call.started + waitOf(call, now), endOf(call, now)),
    endOf(call, now),
  ]);
  const known = [...steps, ...calls].filter(([start, end]) => end >= start);
  return gapsOf(/** @type {[number, number][]} */ ([[begin, begin], ...known]));
}

/** The time in the queue is idle time as well: with it drawn whole, little room would be left for the work. @param {Turn} turn */
function queueGap(turn, begin, now) {
  const [, end] = boundsOf(turn, now);
  const started = begin + (turn.queue_ms > 1 ? turn.queue_ms : 0);
  const [gap] = gapsOf([
    [begin, begin],
    [started, end],
  ]);
  return gap ? [gap, ...turn.gaps] : turn.gaps;
}

/** @param {Call|Step} one */
export const endOf = (one, now) =>
  one.started + (one.duration_ms ?? (one.status === 'running' ? Math.max(0, now - one.started) : 0));

/** A call that waits for a person has waited until now. @param {Call} call */
export const waitOf = (call, now) => (call.asks ? Math.max(0, now - call.started) : (call.wait_ms ?? 0));

/**
 * The pieces of a bar. What queued lies before the start, the person's time at the beginning.
 * @param {Call} call @returns {{kind: string, start: number, end: number}[]}
 */
export function partsOfCall(call, now) {
  const end = endOf(call, now);
  const worked = Math.min(end, call.started + waitOf(call, now));
  return [
    { kind: 'queue', start: call.started - (call.queue_ms ?? 0), end: call.started },
    { kind: 'approval', start: call.started, end: worked },
    { kind: 'execution', start: worked, end },
  ].filter((part) => part.end > part.start || (part.kind === 'execution' && !call.asks));
}

/** @param {Step} step */
export function partsOfStep(step, now) {
  const end = endOf(step, now);
  const first =
    step.first_token_ms === null || step.first_token_ms === undefined
      ? end
      : Math.min(end, step.started + step.first_token_ms);
  return [
    { kind: 'thinking', start: step.started, end: first },
    { kind: 'model', start: first, end },
  ].filter((part) => part.end > part.start);
}
