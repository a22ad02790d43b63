/** A place of the timeline as a line of the rail. */
import { h, icon } from '../ui/dom.js';
import { counted } from '../ui/format.js';
import { buildOf, factsOf, nameOf, timeOf, troublesOf } from './place_labels.js';

/**
 * @param {any} place
 * @param {{go: (place: any) => void, restore: (place: any) => void, files: (place: any, row: HTMLElement) => void}} on
 */
export function entryRow(place, on) {
  const build = buildOf(place);
  const row = h(
    'li.place',
    {
      'data-kind': place.kind,
      'data-turn': place.message_id,
      'data-state': placeState(place),
      'data-build': build && place.build,
    },
    h(
      'button.place-go',
      { type: 'button', onclick: () => on.go(place) },
      h('span.place-name', {}, nameOf(place)),
      h(
        'span.place-facts',
        {},
        h('time', { datetime: place.at }, place.running ? 'running' : timeOf(place.at)),
        ...factsOf(place).map((fact) => h('span', {}, fact)),
        ...troublesOf(place).map((trouble) => h('span.trouble', {}, trouble)),
        build && h(`span.build.${place.build}`, {}, build),
      ),
    ),
    place.running || place.head ? null : restoreButton(place, on),
  );
  if (place.files.changed) row.append(filesButton(place, () => on.files(place, row)));
  return row;
}

function restoreButton(place, on) {
  const words = `Restore to “${nameOf(place)}”`;
  return h(
    'button.quiet.icon-only.place-restore',
    { type: 'button', 'aria-label': words, title: 'Restore to here…', onclick: () => on.restore(place) },
    icon('back'),
  );
}

function filesButton({ files }, open) {
  return h(
    'button.quiet.place-files',
    { type: 'button', 'aria-expanded': 'false', onclick: open },
    icon('file'),
    counted(files.changed, 'file'),
    lineCounts(files),
  );
}

/** @param {{added: number|null, removed: number|null}} change */
export function lineCounts({ added, removed }) {
  if (added === null || removed === null) return h('span.counts', {}, 'binary');
  return h('span.counts', {}, h('span.plus', {}, `+${added}`), ' ', h('span.minus', {}, `−${removed}`));
}

function placeState(place) {
  if (place.running) return 'running';
  if (place.head) return 'here';
  return place.taken_back ? 'gone' : 'past';
}
