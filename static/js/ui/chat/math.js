/**
 * Formulas in Markdown: found before Markdown can take their backslashes and underscores for its own, shown as they were
 * written, and set once the library is there. Dollars that are money or a shell's variables stay text.
 */
const DISPLAY = /^(?:\$\$([^$]+?)\$\$|\\\[([\s\S]+?)\\\]|\\begin\{([a-z]+\*?)\}[\s\S]+?\\end\{\3\})/;
const INLINE = /^(?:\\\(([^\n]+?)\\\)|\$((?![\s$])(?:\\.|[^\\$\n])*[^\\\s$]|[^\\\s$])\$(?![\w$]))/;
const PROSE = /(?:^|\s)[^\W\d_]{3,}(?:\s|$)|^\d[\d.,]*\s/u;
const SIGNS = /[\\^_={}<>+*]/;
const MAX_CHARS = 4_000;

const found = (type, match, display) => (match ? { type, raw: match[0], display } : undefined);

/** A formula on lines of its own. @param {string} text that begins with it, perhaps */
export const matchBlock = (text) => DISPLAY.exec(text);

/** A formula within a line. @param {string} text that begins with it, perhaps */
export function matchInline(text) {
  const display = DISPLAY.exec(text);
  if (display) return display;
  const match = INLINE.exec(text);
  const isMoney = match?.[2] !== undefined && PROSE.test(match[2]) && !SIGNS.test(match[2]);
  return isMoney ? null : match;
}

/** What stands between the signs. @param {string} raw @returns {{tex: string, display: boolean}|null} */
export function texOf(raw) {
  const display = DISPLAY.exec(raw);
  if (display) return { tex: (display[1] ?? display[2] ?? raw).trim(), display: true };
  const inline = INLINE.exec(raw);
  return inline && { tex: inline[1] ?? inline[2], display: false };
}

const ENTITIES = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' };
const escaped = (text) => text.replace(/[&<>"]/g, (character) => ENTITIES[character]);
const asCode = ({ raw }) => `<code class="math">${escaped(raw.trim())}</code>`;
const beginning = (text, pattern) => {
  const at = text.search(pattern);
  return at < 0 ? undefined : at;
};

/** What marked has to know. @type {any[]} */
export const MATH = [
  {
    name: 'mathBlock',
    level: 'block',
    start: (text) => beginning(text, /^(?:\$\$|\\\[|\\begin\{)/m),
    tokenizer: (text) => found('mathBlock', /^(?:\$\$|\\\[|\\begin\{)/.test(text) && matchBlock(text), true),
    renderer: (token) => `<p>${asCode(token)}</p>`,
  },
  {
    name: 'math',
    level: 'inline',
    start: (text) => beginning(text, /\$|\\[([]|\\begin\{/),
    tokenizer: (text) => found('math', matchInline(text), false),
    renderer: asCode,
  },
];

const loadKatex = () => import('../../../vendor/katex/katex.js');

/** @type {Promise<any>|null} */
let katex = null;

/** Sets a formula in its place, some time later; one that the library does not understand stays as it was written. */
export async function showMath(/** @type {HTMLElement} */ code) {
  const found = code.textContent.length <= MAX_CHARS ? texOf(code.textContent) : null;
  if (!found) return;
  try {
    katex ??= loadKatex();
    const { default: library } = await katex;
    const box = document.createElement('span');
    box.className = found.display ? 'formula display' : 'formula';
    box.title = found.tex;
    library.render(found.tex, box, { displayMode: found.display, output: 'mathml', throwOnError: true, trust: false });
    code.replaceWith(box);
  } catch {
    // as it was written
  }
}
