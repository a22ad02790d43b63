/**
 * Reads unified diffs: those of models, of git and of the server. Pure.
 *
 * @typedef {{kind: 'same'|'del'|'add'|'place', text: string}} Line `place`: a file's name, or where in it a hunk lies
 */

/** @type {Record<string, 'same'|'del'|'add'>} */
const KINDS = { '+': 'add', '-': 'del', ' ': 'same' };

/** The files that a unified diff changes. @param {string} text @returns {{path: string, lines: Line[]}[]} */
export function parseUnified(text) {
  /** @type {{path: string, lines: Line[]}[]} */
  const files = [];
  const lines = linesOf(text.replaceAll('\r\n', '\n'));
  for (let at = 0; at < lines.length; at += 1) {
    const [line, next] = [lines[at], lines[at + 1] ?? ''];
    const file = files.at(-1);
    if (line.startsWith('--- ') && next.startsWith('+++ ')) {
      files.push({ path: fileName(next) || fileName(line), lines: [] });
      at += 1;
    } else if (file && line.startsWith('@@')) file.lines.push({ kind: 'place', text: line });
    // A line that lost its blank is an empty one; what else there is (`index …`, `\ No newline`) is no line of a file.
    else if (file && (line === '' || KINDS[line[0]]))
      file.lines.push({ kind: KINDS[line[0]] ?? 'same', text: line.slice(1) });
  }
  return files;
}

/** A diff's lines below the names of its files. @param {string} text @returns {Line[]} */
export const linesWithNames = (text) =>
  parseUnified(text).flatMap(({ path, lines }) => [{ kind: 'place', text: path }, ...lines]);

/** The lines of a diff of one file; a text that is no diff (`Binary files differ`) as it is. @param {string} text @returns {Line[]} */
export function linesOfOne(text) {
  const files = parseUnified(text);
  return files.length
    ? files.flatMap(({ lines }) => lines)
    : linesOf(text).map((line) => ({ kind: 'same', text: line }));
}

/**
 * Lines with their numbers in the file: the new one, or the old one of what goes. Known below a hunk's heading.
 * @param {Line[]} lines @returns {(Line & {number?: number})[]}
 */
export function numbered(lines) {
  let [old, fresh] = [NaN, NaN];
  return lines.map((line) => {
    if (line.kind === 'place') {
      const hunk = /^@@ -(\d+)(?:,\d+)? \+(\d+)/.exec(line.text);
      [old, fresh] = hunk ? [Number(hunk[1]), Number(hunk[2])] : [NaN, NaN];
      return line;
    }
    const number = line.kind === 'del' ? old : fresh;
    if (line.kind !== 'add') old += 1;
    if (line.kind !== 'del') fresh += 1;
    return Number.isNaN(number) ? line : { ...line, number };
  });
}

const BEGINS = /^(?:\[[^\n]*\]\n+)?(?:diff --git |--- (?:a\/|\/dev\/null))/;

/** The lines of a program's output that is a diff; none where it is something else. @param {string} text @returns {Line[]} */
export const diffLines = (text) => (BEGINS.test(text) && /^@@ /m.test(text) ? linesWithNames(text) : []);

/** @param {string} text of a diff @returns {string[]} */
export const patchedPaths = (text) => parseUnified(text).map(({ path }) => path);

/** Lines without their ends; the last end begins no line. @param {string} text @returns {string[]} */
export function linesOf(text) {
  if (!text) return [];
  const lines = text.split('\n');
  if (lines.at(-1) === '') lines.pop();
  return lines;
}

/** @param {string} line of a file's heading */
function fileName(line) {
  const name = line.slice(4).split('\t')[0].trim().replace(/^"|"$/g, '');
  return name === '/dev/null' ? '' : name.replace(/^[ab]\//, '');
}
