/** Sums by day as a chart wants them. Pure. */

const MOST = 6;
const DAY_MS = 86_400_000;

/**
 * @param {{since: string, until: string, days: {day: string, models: any[]}[]}} chart
 * @param {(model: any) => number} value
 * @param {string[]} [order] names; else the largest six, and the others together
 * @returns {{days: number[], names: string[], values: number[][], stacked: number[][]}} `days` in seconds since 1970, each
 *   day of the span once; `stacked` adds each series to those before it
 */
export function series({ since, until, days }, value, order) {
  const first = Date.parse(since);
  const count = Math.max(1, Math.round((Date.parse(until) - first) / DAY_MS) + 1);
  const sums = new Map();
  for (const day of days)
    for (const model of day.models) sums.set(model.model, (sums.get(model.model) ?? 0) + value(model));
  const bySize = [...sums].sort((one, other) => other[1] - one[1]).map(([name]) => name);
  const names = order ?? (bySize.length > MOST ? [...bySize.slice(0, MOST - 1), 'others'] : bySize);
  const values = names.map(() => new Array(count).fill(0));
  for (const day of days) {
    const at = Math.round((Date.parse(day.day) - first) / DAY_MS);
    if (at < 0 || at >= count) continue;
    for (const model of day.models) {
      const index = names.indexOf(model.model);
      values[index < 0 ? names.length - 1 : index][at] += value(model);
    }
  }
  const stacked = [];
  for (const own of values) stacked.push(own.map((amount, at) => amount + (stacked.at(-1)?.[at] ?? 0)));
  return { days: Array.from({ length: count }, (_, at) => (first + at * DAY_MS) / 1000), names, values, stacked };
}
