/** Numbers as people read them. Pure. */

/** @param {number|null|undefined} ms */
export function duration(ms) {
  if (ms === null || ms === undefined || !Number.isFinite(ms)) return '';
  if (ms < 1) return '< 1 ms';
  if (ms < 1000) return `${Math.round(ms)} ms`;
  if (ms < 60_000) return `${(ms / 1000).toFixed(1)} s`;
  const seconds = Math.floor(ms / 1000);
  const [hours, minutes] = [Math.floor(seconds / 3600), Math.floor((seconds % 3600) / 60)];
  return hours ? `${hours} h ${minutes} min` : `${minutes} min ${seconds % 60} s`;
}

/** How long a call worked: what it waited for the person is left out. @param {{duration_ms?: number|null, wait_ms?: number|null}|null} trace */
export const workedMs = (trace) =>
  Number.isFinite(trace?.duration_ms) ? Math.max(0, trace.duration_ms - (trace.wait_ms ?? 0)) : null;

/**
 * How long a turn worked, and how long it waited for the person, who need not be told of less than a second.
 * @param {number|null} ms all of it @param {number} waitedMs of that
 */
export function durationWords(ms, waitedMs) {
  if (ms === null || waitedMs < 1000) return duration(ms);
  return `${duration(Math.max(0, ms - waitedMs))}, waited ${duration(waitedMs)} for you`;
}

/** The time of day, with the day where it is another one. @param {number|string|null|undefined} at */
export function clock(at) {
  const date = at === null || at === undefined ? null : new Date(at);
  if (!date || Number.isNaN(date.getTime())) return '';
  const time = date.toLocaleTimeString([], { hour: '2-digit', minute: '2-digit', second: '2-digit' });
  const isToday = date.toDateString() === new Date().toDateString();
  return isToday ? time : `${date.toLocaleDateString([], { day: 'numeric', month: 'short' })}, ${time}`;
}

/** For something that still runs: no digit that flickers faster than it can be read. @param {number} ms */
export function ticking(ms) {
  return ms < 60_000 ? `${(Math.floor(Math.max(0, ms) / 100) / 10).toFixed(1)} s` : duration(ms);
}

/** @param {number} count */
export function tokens(count) {
  if (count < 10_000) return count.toLocaleString('en');
  return count < 999_500 ? `${(count / 1000).toFixed(count < 99_950 ? 1 : 0)}k` : `${(count / 1_000_000).toFixed(2)}M`;
}

/** A sum in which parts may be unknown, in words. @param {{known: number, unknown: number}} sum @param {(amount: number) => string} words */
export function atLeast({ known, unknown }, words) {
  return unknown ? `at least ${words(known)}` : words(known);
}

/** @param {{known: number, unknown: number}} sum of prices; `unknown` says how many are missing in it */
export function cost(sum) {
  if (sum.unknown && !sum.known) return 'cost unknown';
  return sum.known || sum.unknown ? atLeast(sum, dollars) : 'no cost';
}

/** @param {number} amount */
export function dollars(amount) {
  return amount > 0 && amount < 0.01 ? `$${amount.toPrecision(2)}` : `$${amount.toFixed(2)}`;
}

/** A script asks nobody, so it is known to cost nothing. @param {string|null|undefined} model `provider:model` */
export const isScripted = (model) => Boolean(model?.startsWith('scripted:'));

/** What the person reads for a model's name. @param {string} name `provider:model` */
export const modelWords = (name) => (name === 'scripted:demo' ? 'Demo script (no model)' : name);

/** @param {number} count @param {string} one @param {string} [many] */
export const counted = (count, one, many = `${one}s`) => `${count.toLocaleString('en')} ${count === 1 ? one : many}`;
