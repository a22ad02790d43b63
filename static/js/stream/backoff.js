/** Waiting times between attempts, with full jitter, so that a server's clients do not come back all at once. */

const BASE_MS = 1_000;
const CAP_MS = 30_000;

/**
 * @param {number} attempt 0 for the first retry
 * @param {() => number} random 0 ≤ value < 1
 * @returns {number} ms to wait: anything from 0 to 1 s doubled `attempt` times, 30 s at most
 */
export function delay(attempt, random, base_ms = BASE_MS, cap_ms = CAP_MS) {
  return Math.round(random() * Math.min(cap_ms, base_ms * 2 ** Math.min(attempt, 20)));
}

/**
 * The clock that all timed modules take, so that tests can turn it.
 * @typedef {{now: () => number, set: (run: () => void, ms: number) => any, clear: (timer: any) => void}} Timers
 */

/** @type {Timers} */
export const systemTimers = {
  now: () => Date.now(),
  set: (run, ms) => setTimeout(run, ms),
  clear: (timer) => clearTimeout(timer),
};
