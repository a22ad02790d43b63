/** Makes text of unknown origin harmless to look at. Pure. */

// ECMA-48: CSI … final byte; OSC, DCS, SOS, PM, APC … up to ST or BEL; and two-character escapes.
const ESCAPES =
  /\x1b\[[0-?]*[ -/]*[@-~]?|\x9b[0-?]*[ -/]*[@-~]?|(?:\x1b[\]PX^_]|[\x9d\x90\x98\x9e\x9f])[^\x07\x1b\x9c]*(?:\x07|\x1b\\|\x9c)?|\x1b[ -/]*[0-~]?/g;
const CONTROLS = /[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]/g;
// Trojan Source (CVE-2021-42574): characters that turn the reading order around, and others that nobody sees.
const INVISIBLE =
  /[\u061c\u200b\u200e\u200f\u202a-\u202e\u2060-\u2064\u2066-\u206f\ufeff\ufff9-\ufffb]|\u{e0001}|[\u{e0020}-\u{e007f}]/gu;

const named = (character) => `⟨U+${character.codePointAt(0).toString(16).toUpperCase().padStart(4, '0')}⟩`;

/** Terminal escapes and controls go; what would lie to the eye is shown by its number. @param {string} text */
export function visible(text) {
  return text.replace(ESCAPES, '').replace(INVISIBLE, named).replace(CONTROLS, '');
}

/** Output of a program: no terminal escapes, and of a line that was drawn over itself only the last state. @param {string} text */
export function terminalText(text) {
  const bare = visible(text);
  if (!bare.includes('\r')) return bare;
  const lines = bare.split('\n').map((line) => line.replace(/\r+$/, ''));
  return lines.map((line) => line.slice(line.lastIndexOf('\r') + 1)).join('\n');
}

const REMARK = /^\[.*\]$/; // what a tool adds to a program's output

/** The last line that says something; a tool's own remark only where there is nothing else. @param {string} text */
export function lastLine(text) {
  const lines = terminalText(text.slice(-4096))
    .split('\n')
    .map((line) => line.trim())
    .filter(Boolean);
  return (lines.findLast((line) => !REMARK.test(line)) ?? lines.at(-1) ?? '').slice(0, 300);
}

/** One line of any value, for a heading. @param {unknown} value @param {number} limit characters */
export function oneLine(value, limit = 160) {
  const text = visible(typeof value === 'string' ? value : (JSON.stringify(value) ?? ''))
    .replace(/\s+/g, ' ')
    .trim();
  return text.length > limit ? `${text.slice(0, limit - 1)}…` : text;
}
