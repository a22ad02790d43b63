/** The project's check in words: how a turn ended by it, and what the agent was told. */
import { h, icon } from '../dom.js';
import { counted } from '../format.js';
import { visible } from '../plain_text.js';

const SHOWN = 5;

/** @param {{status: string, command: string, reason: string, left: any[], old?: number}|undefined} build how a turn that wrote ended @returns {HTMLElement[]} */
export function buildVerdict(build) {
  if (!build) return [];
  const { status, command, reason, left, old } = build;
  if (status === 'passed')
    return [
      mark('good', 'check', old ? `${counted(old, 'known error')}, none new: ${command}` : `Check passed: ${command}`),
    ];
  if (status === 'failed')
    return [mark('bad', 'cross', `Check failed with ${counted(left.length, 'new error')}: ${command}`), errors(left)];
  return [mark('', 'alert', 'Not checked', reason)];
}

/**
 * Of a check that failed, what was known before: nothing of it is this turn's. Empty where it may be.
 * @param {{status: string, old?: number}|undefined} build how the turn stands
 * @param {{isFirst: boolean, isLast: boolean}} check `isFirst`: it ran before the first change
 */
export function knownErrors(build, { isFirst, isLast }) {
  if (isFirst) return 'known errors';
  return isLast && build?.status === 'passed' && build.old ? `${counted(build.old, 'known error')}, none new` : '';
}

function mark(kind, sign, words, more = words) {
  return h(`span.build${kind && `.${kind}`}`, { title: more }, icon(sign), h('span.words', {}, visible(words)));
}

function errors(left) {
  const lines = left.slice(0, SHOWN).map(({ file, line, code, message }) => {
    const place = [file, line].filter(Boolean).join(':');
    return h('li', {}, visible([place, code, message].filter(Boolean).join(' ')));
  });
  if (left.length > SHOWN) lines.push(h('li', {}, `and ${left.length - SHOWN} more`));
  return h('ul.build-errors', {}, ...lines);
}

/** What the agent was told of new errors: the first one, and all of it for who opens it. @param {string} content */
export function toldOfErrors(content) {
  const [, attempt = ''] = /\(attempt (\d of \d)/.exec(content) ?? [];
  const first = content.split('\n\n')[1]?.split('\n')[0] ?? content;
  const words = h(
    'span',
    {},
    visible(first),
    attempt && h('span.detail', {}, ` · the agent mends it, attempt ${attempt}`),
  );
  return h('details.told', {}, h('summary', {}, icon('alert'), words), h('pre', { tabindex: '0' }, visible(content)));
}
