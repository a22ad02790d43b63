/**
 * The lines that an exact replacement takes away and puts there. Old and new text lie at the same place, so what they share
 * at both ends is context and the rest is the change. Pure.
 *
 * @typedef {{kind: 'same'|'del'|'add', text: string}} Line
 *
 * @param {string} before
 * @param {string} after
 * @returns {Line[]}
 */
export function lineDiff(before, after, context = 3) {
  const [old, fresh] = [linesOf(before), linesOf(after)];
  let head = 0;
  while (head < old.length && head < fresh.length && old[head] === fresh[head]) head += 1;
  let tail = 0;
  const room = Math.min(old.length, fresh.length) - head;
  while (tail < room && old.at(-1 - tail) === fresh.at(-1 - tail)) tail += 1;
  const lines = (kind, texts) => texts.map((text) => ({ kind, text }));
  return [
    ...lines('same', old.slice(Math.max(0, head - context), head)),
    ...lines('del', old.slice(head, old.length - tail)),
    ...lines('add', fresh.slice(head, fresh.length - tail)),
    ...lines('same', old.slice(old.length - tail, old.length - tail + context)),
  ];
}

function linesOf(text) {
  if (!text) return [];
  const lines = text.split('\n');
  if (lines.at(-1) === '') lines.pop();
  return lines;
}

/** @param {Line[]} lines @returns {{added: number, removed: number}} */
export function countChanges(lines) {
  const count = (kind) => lines.filter((line) => line.kind === kind).length;
  return { added: count('add'), removed: count('del') };
}
