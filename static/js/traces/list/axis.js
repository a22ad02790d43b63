/**
 * A scale for a stretch of time: work in true proportion, long idle gaps narrow. The rules are those of
 * traces/timeline.py. Pure; times in ms since 1970, places from 0 (left) to 1 (right).
 *
 * @typedef {[number, number]} Span start and end
 */

const GAP_SHARE = 0.04;
const GAP_FACTOR = 0.25;
const MIN_GAP_MS = 2_000;

/** Busy times: spans that touch or overlap become one. @param {Span[]} spans @returns {Span[]} */
export function merged(spans) {
  /** @type {Span[]} */
  const found = [];
  for (const [start, end] of [...spans].sort((one, other) => one[0] - other[0] || one[1] - other[1])) {
    const last = found.at(-1);
    if (last && start <= last[1]) last[1] = Math.max(last[1], end);
    else found.push([start, end]);
  }
  return found;
}

/** The idle times that are long beside the busy ones. @param {Span[]} spans @returns {Span[]} */
export function gapsOf(spans) {
  const busy = merged(spans);
  const worked = busy.reduce((sum, [start, end]) => sum + end - start, 0);
  const longest = Math.max(MIN_GAP_MS, GAP_FACTOR * worked);
  const idle = busy.slice(1).map(([start], index) => /** @type {Span} */ ([busy[index][1], start]));
  return idle.filter(([start, end]) => end - start > longest);
}

export class Axis {
  /** @param {number} start @param {number} end @param {Span[]} [gaps] in order, inside of it */
  constructor(start, end, gaps = []) {
    this.start = start;
    this.end = Math.max(start, end);
    this.gaps = gaps.filter(([from, to]) => from >= start && to <= this.end);
    const kept = this.end - start - this.gaps.reduce((sum, [from, to]) => sum + to - from, 0);
    const share = this.gaps.length ? Math.min(GAP_SHARE, 0.5 / this.gaps.length) : 0;
    const unit = kept > 0 ? (1 - share * this.gaps.length) / kept : 0;
    /** Times and their places, between which the scale is even. @type {Span[]} */
    this.knots = [[start, 0]];
    let [time, place] = [start, 0];
    for (const [from, to] of this.gaps) {
      place += (from - time) * unit;
      this.knots.push([from, place], [to, place + share]);
      place += share;
      time = to;
    }
    this.knots.push([this.end, kept > 0 ? 1 : place]);
    this.kept = kept;
  }

  /** The place of a moment; what lies outside is at the edge. @param {number} time */
  at(time) {
    const { knots } = this;
    if (time <= this.start) return 0;
    if (time >= this.end) return knots.at(-1)[1];
    const number = knots.findIndex(([knot]) => knot > time);
    const [[from, left], [to, right]] = [knots[number - 1], knots[number]];
    return to > from ? left + ((right - left) * (time - from)) / (to - from) : left;
  }

  /** The moment at a place. @param {number} place */
  timeAt(place) {
    const number = Math.max(
      1,
      this.knots.findIndex(([, knot]) => knot >= place),
    );
    const [[from, left], [to, right]] = [this.knots[number - 1], this.knots[number]];
    return right > left ? from + ((to - from) * (Math.min(1, Math.max(0, place)) - left)) / (right - left) : from;
  }

  /**
   * Marks at round times since the start, none inside a gap, for the part of the axis that is in view.
   * @param {Span} view places @param {number} wanted about how many
   * @returns {{place: number, ms: number}[]}
   */
  ticks([left, right], wanted) {
    const inView = this.kept * (right - left);
    if (!(inView > 0)) return [{ place: 0, ms: 0 }];
    const step = roundStep(inView / Math.max(1, wanted));
    const marks = [];
    for (const [from, to] of this.#stretches()) {
      const first = Math.max(from, this.timeAt(left));
      for (let number = Math.max(0, Math.ceil((first - this.start) / step - 1e-6)); marks.length < 100; number += 1) {
        const time = this.start + number * step;
        const place = this.at(time);
        if (time > to || place > right) break;
        marks.push({ place, ms: number * step });
      }
    }
    return marks;
  }

  #stretches() {
    const edges = [this.start, ...this.gaps.flat(), this.end];
    return edges.filter((_, index) => index % 2 === 0).map((from, index) => [from, edges[index * 2 + 1]]);
  }
}

const STEPS_MS = [
  ...[0, 1, 2, 3].flatMap((power) => [1, 2, 5].map((factor) => factor * 10 ** power)),
  ...[10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 21600, 43200, 86400].map((seconds) => seconds * 1000),
];

/** The distance of two marks that a person reads easily. @param {number} atLeast ms */
export function roundStep(atLeast) {
  return STEPS_MS.find((step) => step >= atLeast) ?? 86_400_000 * Math.ceil(atLeast / 86_400_000);
}
