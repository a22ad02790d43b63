/** One place of the timeline, in the person's words. Only `entryRow` touches the DOM. */
import { h, icon } from '../ui/dom.js';
import { cost, counted, tokens } from '../ui/format.js';

const KINDS = { start: 'The beginning', undo: 'Before the restore', restore: 'Restored' };

/** @param {any} place as `GET /api/chats/<id>/timeline` gives it */
export const nameOf = (place) => place.title || KINDS[place.kind] || 'A place to come back to';

/** What the place held, a few words each. @param {any} place @returns {string[]} */
export function factsOf(place) {
  const calls = Object.values(place.tools ?? {}).reduce((sum, count) => sum + count, 0);
  const spent = ['prompt', 'completion'].reduce((sum, kind) => sum + (place.tokens?.[kind] ?? 0), 0);
  const isFree = place.model?.startsWith('scripted:');
  const price = { known: place.cost_usd ?? 0, unknown: isFree ? 0 : (place.unpriced_steps ?? 0) };
  return [
    calls ? counted(calls, 'tool call') : '',
    place.files.changed ? counted(place.files.changed, 'file') : '',
    spent ? `${tokens(spent)} tokens` : '',
    spent ? cost(price) : '',
    place.interruptions ? counted(place.interruptions, 'restart') : '',
    place.status && place.status !== 'complete' ? place.status : '',
  ].filter(Boolean);
}

/** What the tools were, for who hovers. @param {any} place */
export function previewOf(place) {
  const used = Object.entries(place.tools ?? {}).map(([tool, count]) => (count > 1 ? `${tool} × ${count}` : tool));
  return [nameOf(place), factsOf(place).join(', '), used.join(', '), place.files.note ?? ''].filter(Boolean).join('\n');
}

const BUILDS = { green: 'Build passed', red: 'Build failed', failed: 'Build failed', passed: 'Build passed' };

/** @param {any} place @param {{go: (place: any) => void, restore: (place: any) => void}} on */
export function entryRow(place, on) {
  const time = new Date(place.at);
  const build = place.build && h(`span.build.${place.build}`, {}, BUILDS[place.build] ?? place.build);
  const lines = place.files.changed
    ? h('span.counts', {}, h('span.plus', {}, `+${place.files.added}`), ' ', h('span.minus', {}, `−${place.files.removed}`))
    : null;
  return h(
    `li.place.${place.kind}`,
    { 'data-turn': place.turn, 'data-state': placeState(place), title: previewOf(place) },
    h('button.place-go', { type: 'button', onclick: () => on.go(place) },
      h('span.place-name', {}, nameOf(place)),
      h('span.place-facts', {}, h('time', { datetime: place.at }, time.toLocaleTimeString([], { hour: '2-digit', minute: '2-digit' })), ...factsOf(place).map((fact) => h('span', {}, fact)), lines, build),
    ),
    place.running || place.head
      ? null
      : h('button.quiet.icon-only.place-restore', { type: 'button', 'aria-label': `Restore to “${nameOf(place)}”`, title: 'Restore to here…', onclick: () => on.restore(place) }, icon('back')),
  );
}

function placeState(place) {
  if (place.running) return 'running';
  if (place.head) return 'here';
  return place.taken_back ? 'gone' : 'past';
}
