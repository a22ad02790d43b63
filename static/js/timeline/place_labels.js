/** A place of the timeline in the person's words. Pure. */
import { cost, counted, isScripted, tokens } from '../ui/format.js';

const BUILDS = { green: 'Build passed', red: 'Build failed' };
const ENDS = { cancelled: 'stopped', failed: 'failed' };
const NAMED = 6;
const TIME = new Intl.DateTimeFormat([], { hour: '2-digit', minute: '2-digit' });
const DAY = new Intl.DateTimeFormat([], { day: 'numeric', month: 'short' });

/** @param {any} place as `GET /api/chats/<id>/timeline` gives it */
export function nameOf(place) {
  if (place.kind === 'restore') return restoreWords(place);
  if (place.kind === 'undo') return 'Before the restore';
  if (place.kind === 'start') return 'The beginning';
  return place.title || 'A turn without words';
}

function restoreWords({ of, scope, title, paths = [] }) {
  if (of === 'undo') return 'Restore undone';
  if (paths.length) return `Restored ${paths[0]}${paths.length > 1 ? ' and others' : ''}`;
  const target = of === 'start' ? 'the beginning' : `“${title}”`;
  return `Restored ${{ files: 'the files of', conversation: 'the chat of' }[scope] ?? 'to'} ${target}`;
}

/** When it was: the time, with the day where that is another one. @param {string} at @param {Date} [now] */
export function timeOf(at, now = new Date()) {
  const then = new Date(at);
  return then.toDateString() === now.toDateString() ? TIME.format(then) : `${DAY.format(then)}, ${TIME.format(then)}`;
}

/** What the place held, a few words each. @param {any} place @returns {string[]} */
export function factsOf(place) {
  const calls = Object.values(place.tools ?? {}).reduce((sum, count) => sum + count, 0);
  const spent = ['prompt', 'completion'].reduce((sum, kind) => sum + (place.tokens?.[kind] ?? 0), 0);
  return [
    place.compactions ? 'compacted' : '',
    calls ? counted(calls, 'tool call') : '',
    spent ? `${tokens(spent)} tokens` : '',
    spent ? costOf(place) : '',
  ].filter(Boolean);
}

/** @param {any} place */
export function costOf(place) {
  return cost({ known: place.cost_usd ?? 0, unknown: isScripted(place.model) ? 0 : (place.unpriced_steps ?? 0) });
}

/** What went otherwise than planned. @param {any} place @returns {string[]} */
export function troublesOf(place) {
  return [place.interruptions ? counted(place.interruptions, 'restart') : '', ENDS[place.status] ?? ''].filter(Boolean);
}

/** Empty where nothing was checked. @param {any} place */
export const buildOf = (place) => BUILDS[place.build] ?? '';

/** The tools of a turn, the most used first. @param {any} place */
export function toolsOf(place) {
  const used = Object.entries(place.tools ?? {}).sort(([, one], [, other]) => other - one);
  return used.map(([tool, count]) => (count > 1 ? `${tool} × ${count}` : tool)).join(', ');
}

/** The files and folders that a place does not hold, and why. @param {any} files of a place @returns {string} */
export function leftOutOf({ left_out: some = [], left_out_count: count = 0 }) {
  const byReason = new Map();
  for (const { path, reason } of some.slice(0, NAMED)) byReason.set(reason, [...(byReason.get(reason) ?? []), path]);
  const told = [...byReason].map(([reason, paths]) => `${paths.join(', ')} (${reason})`);
  if (count > NAMED) told.push(`${count - NAMED} more`);
  return told.join('; ');
}
