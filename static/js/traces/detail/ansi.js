/**
 * A program's coloured output as spans: colours by class name (their exact shades are the theme's, so that no output is
 * unreadable, and none is hidden), text as text. All other escapes and controls go; what would lie to the eye is named.
 */
import anser from '../../../vendor/anser/anser.js';
import { visible } from '../../ui/plain_text.js';

/** Its exports are made at run time. @type {any} */
const Anser = anser;
const SGR = /(\x1b\[[0-9;]*m)/;
const STYLES = new Set(['bold', 'dim', 'italic', 'underline', 'strikethrough']);
const OPTIONS = { json: true, remove_empty: true, use_classes: true };

/** @param {string} line without its end @returns {string} only text and colours left, as the terminal would show it at last */
export function cleanLine(line) {
  const drawn = line.replace(/\r+$/, '');
  const last = drawn.slice(drawn.lastIndexOf('\r') + 1);
  if (
    !/[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb]|\u{e0001}|[\u{e0020}-\u{e007f}]/u.test(
      last,
    )
  )
    return last;
  // Separators of lines and paragraphs would break the line out of its row.
  return last
    .split(SGR)
    .map((part, index) => (index % 2 ? part : visible(part).replace(/[\u2028\u2029]/g, '⏎')))
    .join('');
}

/** The text without its colours. @param {string} clean from `cleanLine` */
export const bareText = (clean) => (clean.includes('\x1b') ? clean.replace(/\x1b\[[0-9;]*m/g, '') : clean);

/** @param {string} clean from `cleanLine` @returns {{text: string, classes: string}[]} colours do not reach beyond the line */
export function coloured(clean) {
  if (!clean.includes('\x1b')) return [{ text: clean, classes: '' }];
  return new Anser()
    .ansiToJson(clean, { ...OPTIONS })
    .map((chunk) => ({ text: chunk.content, classes: classesOf(chunk) }));
}

function classesOf(chunk) {
  const reversed = chunk.isInverted;
  const fg = colourOf(chunk.fg, chunk.fg_truecolor);
  const bg = reversed ? 'black' : colourOf(chunk.bg, chunk.bg_truecolor);
  const names = [
    fg && !reversed && `fg-${fg}`,
    bg && `bg-${bg}`,
    ...chunk.decorations.filter((name) => STYLES.has(name)),
  ];
  return names.filter(Boolean).join(' ');
}

const NAMED = ['black', 'red', 'green', 'yellow', 'blue', 'magenta', 'cyan', 'white'];

/** One of the eight names: of 256 or 16 million colours the one nearest in hue. */
function colourOf(name, truecolor) {
  if (!name) return '';
  const plain = name.replace(/^ansi-(bright-)?/, '');
  if (NAMED.includes(plain)) return plain;
  if (truecolor) return nearest(truecolor.split(',').map(Number));
  const index = Number(/^palette-(\d+)$/.exec(plain)?.[1] ?? NaN);
  if (!(index <= 255)) return '';
  if (index < 16) return NAMED[index % 8];
  if (index >= 232) return 'white';
  const cube = index - 16;
  return nearest([Math.floor(cube / 36), Math.floor(cube / 6) % 6, cube % 6].map((level) => level * 51));
}

/** @param {number[]} rgb */
function nearest(rgb) {
  const [high, low] = [Math.max(...rgb), Math.min(...rgb)];
  if (high - low < 40) return high < 90 ? 'black' : 'white';
  const middle = (high + low) / 2;
  const bits = rgb.reduce((sum, value, index) => sum + (value > middle ? 1 << index : 0), 0);
  return NAMED[bits];
}
