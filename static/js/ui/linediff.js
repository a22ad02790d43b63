/**
 * The lines that an exact replacement takes away and puts there. Old and new text lie at the same place, so what they share
 * at both ends is context and the rest is the change. Pure.
 *
 * @typedef {{kind: 'same'|'del'|'add'|'place', text: string}} Line `place`: a file's name, or where in it a hunk lies
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

const KIND = { '+': 'add', '-': 'del', ' ': 'same' };

/** The files of a unified diff, as models write them. @param {string} text @returns {{path: string, lines: Line[]}[]} */
export function patchFiles(text) {
  /** @type {{path: string, lines: Line[]}[]} */
  const files = [];
  const lines = linesOf(text.replaceAll('\r\n', '\n'));
  for (let at = 0; at < lines.length; at += 1) {
    const [line, next] = [lines[at], lines[at + 1] ?? ''];
    if (line.startsWith('--- ') && next.startsWith('+++ ')) {
      files.push({ path: fileName(next) || fileName(line), lines: [] });
      at += 1;
    } else if (files.length && line.startsWith('@@')) files.at(-1).lines.push({ kind: 'place', text: line });
    // A line that lost its blank is an empty one; what else there is (`index …`, `\ No newline`) is no line of a file.
    else if (files.length && (line === '' || KIND[line[0]])) files.at(-1).lines.push({ kind: KIND[line[0]] ?? 'same', text: line.slice(1) });
  }
  return files;
}

/** A unified diff, with the names of its files. @param {string} patch @returns {Line[]} */
export const patchLines = (patch) => patchFiles(patch).flatMap(({ path, lines }) => [{ kind: 'place', text: path }, ...lines]);

function fileName(line) {
  const name = line.slice(4).split('\t')[0].trim().replace(/^"|"$/g, '');
  return name === '/dev/null' ? '' : name.replace(/^[ab]\//, '');
}

/** @param {Line[]} lines @returns {{added: number, removed: number}} */
export function countChanges(lines) {
  const count = (kind) => lines.filter((line) => line.kind === kind).length;
  return { added: count('add'), removed: count('del') };
}
