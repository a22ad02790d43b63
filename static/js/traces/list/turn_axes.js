/** The axis of each turn, and the scales that lines share. Kept until the next rendering. */
import { AT_WORK } from '../../stream/trace_store.js';
import { boundsOf, turnGaps } from '../timing.js';
import { Axis } from './axis.js';

const FRESH_MS = 100;

/** @typedef {import('../../stream/trace_store.js').Turn} Turn */

export class TurnAxes {
  /** @type {Map<string, {axis: Axis, gaps: [number, number][], at: number}>} */
  #axes = new Map();

  clear() {
    this.#axes.clear();
  }

  /** The turn's axis; anew every 100 ms while it works. @param {Turn} turn @returns {Axis} */
  of(turn) {
    const known = this.#axes.get(turn.id);
    const now = Date.now();
    if (known && !(AT_WORK.has(turn.status) && now - known.at > FRESH_MS)) return known.axis;
    const gaps = known?.gaps ?? turnGaps(turn, now);
    const [start, end] = boundsOf(turn, now);
    const axis = new Axis(start, end, gaps);
    this.#axes.set(turn.id, { axis, gaps, at: now });
    return axis;
  }
}

/** The tokens of the step that has the most. @param {Iterable<Turn>} turns */
export function mostTokens(turns) {
  let most = 1;
  for (const turn of turns)
    for (const { prompt, completion } of turn.stepMap.values())
      most = Math.max(most, (prompt ?? 0) + (completion ?? 0));
  return most;
}
