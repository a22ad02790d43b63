/**
 * Markdown of unknown origin as DOM: raw HTML is shown as text, images become links, and a link leads to http, https or
 * mailto. Whatever marked makes of it goes through DOMPurify, so that nothing runs and nothing is fetched.
 */
import { Marked } from 'marked';
import 'dompurify';
import { copyButton, h } from '../dom.js';
import { highlight } from './highlight.js';
import { MATH, showMath } from './math.js';
import { visible } from '../plain_text.js';

const SAFE_LINK = /^(?:https?:|mailto:)/i;
const ALLOWED_TAGS = [
  'a',
  'blockquote',
  'br',
  'code',
  'del',
  'em',
  'h1',
  'h2',
  'h3',
  'h4',
  'h5',
  'h6',
  'hr',
  'li',
  'ol',
  'p',
  'pre',
  'strong',
  'table',
  'tbody',
  'td',
  'th',
  'thead',
  'tr',
  'ul',
];
const PURIFY = {
  ALLOWED_TAGS,
  ALLOWED_ATTR: ['href', 'start', 'align', 'class'],
  // Else their values would have to be links as well.
  ADD_URI_SAFE_ATTR: ['start', 'align', 'class'],
  ALLOWED_URI_REGEXP: SAFE_LINK,
  ALLOW_DATA_ATTR: false,
  RETURN_DOM_FRAGMENT: true,
};

/** What may be written from right to left: each as its own words are. Lists take the side of their markers from it. */
const TEXTS = 'p, h1, h2, h3, h4, h5, h6, ul, ol, blockquote, th, td';

const ENTITIES = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' };
const escaped = (text) => text.replace(/[&<>"']/g, (character) => ENTITIES[character]);

const marked = new Marked({
  gfm: true,
  extensions: MATH,
  renderer: {
    html: ({ text }) => escaped(text),
    image: ({ href, text }) => linked(href, escaped(`Image: ${text || href}`)),
    link({ href, tokens }) {
      return linked(href, this.parser.parseInline(tokens));
    },
    checkbox: ({ checked }) => (checked ? '☑ ' : '☐ '),
  },
});

const linked = (href, html) => (SAFE_LINK.test(href) ? `<a href="${escaped(href)}">${html}</a>` : html);

/** The top-level blocks of a text; their `raw` joined is the text. @param {string} text */
export const blocksOf = (text) => marked.lexer(text);

/** One block as an element of its own. @param {any} block @param {any} links the definitions in the text */
export function renderBlock(block, links) {
  if (block.type === 'code') return codeFigure(block);
  if (block.type === 'html') return h('div.raw', {}, block.text.trim());
  const tokens = Object.assign([block], { links });
  const fragment = globalThis.DOMPurify.sanitize(marked.parser(tokens), PURIFY);
  for (const anchor of fragment.querySelectorAll('a')) {
    anchor.target = '_blank';
    anchor.rel = 'noopener noreferrer nofollow';
  }
  for (const text of fragment.querySelectorAll(TEXTS)) text.setAttribute('dir', 'auto');
  for (const code of fragment.querySelectorAll('pre > code'))
    code
      .closest('pre')
      .replaceWith(codeFigure({ text: code.textContent, lang: code.className.replace('language-', '') }));
  for (const table of fragment.querySelectorAll('table')) {
    const box = h('div.table', { tabindex: '0', role: 'region', 'aria-label': 'Table' });
    table.replaceWith(box);
    box.append(table);
  }
  return fragment.childElementCount === 1 && fragment.childNodes.length === 1
    ? fragment.firstChild
    : h('div', {}, fragment);
}

/** @param {{text: string, lang?: string}} block */
function codeFigure({ text, lang = '' }) {
  const language = lang
    .trim()
    .split(/[\s:{]/)[0]
    .toLowerCase();
  const code = h('code', {}, visible(text));
  const figure = h(
    'div.code',
    {},
    h(
      'header',
      {},
      h('span', {}, language || 'text'),
      copyButton(() => code.textContent),
    ),
    h('pre', { tabindex: '0' }, code),
  );
  return Object.assign(figure, { code, language });
}

/** Colours and formulas, once the block is whole. @param {any} element from `renderBlock` */
export function finishBlock(element) {
  const figures = element.matches?.('.code') ? [element] : (element.querySelectorAll?.('.code') ?? []);
  for (const figure of figures) if (figure.language) highlight(figure.code, figure.language);
  for (const code of element.querySelectorAll?.('code.math') ?? []) showMath(code);
}
