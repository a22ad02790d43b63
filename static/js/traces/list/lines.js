/**
 * The lines of the list, one below the other: turns, and inside those that are open their axis, steps and calls. Pure.
 *
 * @typedef {object} Line
 * @property {'turn'|'axis'|'step'|'call'|'note'|'more'} kind
 * @property {string} key
 * @property {number} level 1 for turns
 * @property {import('../../stream/trace_store.js').Turn} [turn]
 * @property {import('../../stream/trace_store.js').Step} [step]
 * @property {import('../../stream/trace_store.js').Call} [call]
 * @property {boolean} [open]
 * @property {string} [words]
 */

/**
 * @param {import('../../stream/trace_store.js').Turn[]} turns in the order to show
 * @param {{isOpen: (key: string) => boolean, hasOlder: boolean}} view
 * @returns {Line[]}
 */
export function treeLines(turns, { isOpen, hasOlder }) {
  /** @type {Line[]} */
  const lines = [];
  for (const turn of turns) {
    const open = isOpen(turn.id);
    lines.push({ kind: 'turn', key: turn.id, level: 1, turn, open });
    if (open) addInside(lines, turn, isOpen);
  }
  if (hasOlder) lines.push({ kind: 'more', key: 'more', level: 1, words: 'Older turns' });
  return lines;
}

function addInside(lines, turn, isOpen) {
  if (turn.loaded === 'no' && !turn.callMap.size && !turn.stepMap.size) {
    const words = turn.status === 'queued' ? 'Waits for its turn' : 'Loading';
    lines.push({ kind: 'note', key: `note ${turn.id}`, level: 2, turn, words });
    return;
  }
  lines.push({ kind: 'axis', key: `axis ${turn.id}`, level: 2, turn });
  const calls = byStep(turn);
  for (const step of sorted(turn.stepMap.values(), 'message_id')) {
    const own = calls.get(step.message_id) ?? [];
    const open = isOpen(step.message_id);
    lines.push({ kind: 'step', key: step.message_id, level: 2, turn, step, open: own.length ? open : undefined });
    if (open) for (const call of own) lines.push({ kind: 'call', key: call.id, level: 3, turn, step, call });
    calls.delete(step.message_id);
  }
  // Of a step that is not recorded the calls are shown all the same.
  for (const own of calls.values())
    for (const call of own) lines.push({ kind: 'call', key: call.id, level: 2, turn, call });
  if (turn.loaded === 'partly')
    lines.push({ kind: 'note', key: `note ${turn.id}`, level: 2, turn, words: 'Loading the rest' });
}

function byStep(turn) {
  const groups = new Map();
  for (const call of sorted(turn.callMap.values(), 'id')) {
    const group = groups.get(call.message_id);
    if (group) group.push(call);
    else groups.set(call.message_id, [call]);
  }
  return groups;
}

const sorted = (items, key) => [...items].sort((one, other) => (one[key] < other[key] ? -1 : 1));

/**
 * What a filter found: under the headings of their turns, or, sorted by what they took, without.
 * @param {import('../../stream/trace_store.js').Call[]} calls in the order to show
 * @param {(id: string) => import('../../stream/trace_store.js').Turn} turnOf
 * @param {{flat: boolean, more: string}} view `more`: the words of a last line that loads further ones
 * @returns {Line[]}
 */
export function foundLines(calls, turnOf, { flat, more }) {
  /** @type {Line[]} */
  const lines = [];
  let heading = '';
  for (const call of calls) {
    const turn = turnOf(call.turn);
    if (!flat && call.turn !== heading) lines.push({ kind: 'turn', key: call.turn, level: 1, turn });
    heading = call.turn;
    lines.push({
      kind: 'call',
      key: call.id,
      level: flat ? 1 : 2,
      turn,
      step: turn?.stepMap.get(call.message_id),
      call,
    });
  }
  if (more) lines.push({ kind: 'more', key: 'more', level: 1, words: more });
  return lines;
}
